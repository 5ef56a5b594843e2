import type { Sql } from "../database/client.ts";
import { openCursor } from "../database/cursor.ts";
import type { Bbox } from "../geo/bbox.ts";
import { mapPages, pagesAfter } from "../kit/pages.ts";
import { countedWeeks, type KnownWeeks } from "../tiles/counted-weeks.ts";
import { boxOfCell, cellsIn, coverOf } from "../tiles/tile.ts";
import type { CellQuestion } from "./export.ts";
import type { Column, Row, Table } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { name: "cell", type: "string" },
  { name: "lon", type: "number" },
  { name: "lat", type: "number" },
  { name: "trips", type: "integer" },
  { name: "weeks", type: "integer" },
  { name: "trips_per_week", type: "number" },
  { name: "withheld", type: "boolean" },
];
const ROWS_A_PAGE = 2000;
const MAX_PARENTS = 500;

type Cell = { cell: string; trips: number | null };
/** The window stands in each row, since it must be that of the snapshot of the counts. A row without a cell has only it. */
type Found = (Cell | { cell: null }) & KnownWeeks & { retired_before: string | null };

/**
 * The cells with a trip that fits the question, as polygons. Their weeks and counts are those of one moment.
 *
 * @param boxes only cells that touch one of these
 */
export async function cellTable(
  client: Sql,
  q: Omit<CellQuestion, "bbox">,
  boxes: readonly Bbox[] | undefined,
): Promise<Table> {
  const size = q.precision;
  const parents = boxes
    ? [...new Set(boxes.flatMap((box) => coverOf(box, size - 1, MAX_PARENTS)))]
    : cellsIn([-180, -90, 180, 90], 1);
  // Boxes may have covers of different sizes, and no parent may lie in another one.
  const least = Math.min(...parents.map((cell) => cell.length));
  const all = openCursor<Found>(
    client,
    {
      text: `
        select c.cell, c.trips, w.first::text, w.last::text, nullif(s.retired_before, '-infinity')::text as retired_before
        from tripgrid.settings s cross join tripgrid_internal.first_and_last_week($2, $3) w
        left join tripgrid_internal.shown_cells(
          tripgrid_internal.selection_of(null, $1, $2, $3, $4::date, $5::date, $6::int[], $7::int[]), $8::text[], $9::int) c on true
        order by c.cell`,
      parameters: [
        ...[q.match, q.source ?? null, q.region ?? null, q.from ?? null, q.to ?? null, q.hours ?? null, q.days ?? null],
        ...[[...new Set(parents.map((cell) => cell.slice(0, least)))], size],
      ],
    },
    { rows: ROWS_A_PAGE, bytes: Number.POSITIVE_INFINITY, bytesOf: () => 1 },
  );
  const first = await all.next();
  const known = first?.[0] ?? { cell: null, first: null, last: null, retired_before: null };
  const { weeks, isCut } = countedWeeks(q, known, known.retired_before);
  const headers = isCut && known.retired_before ? { "Tripgrid-Retired-Before": known.retired_before } : {};
  const pages = first && known.cell !== null ? pagesAfter(first, all) : all;
  const touches = ([w, s, e, n]: Bbox) =>
    !boxes || boxes.some((box) => w <= box[2] && e >= box[0] && s <= box[3] && n >= box[1]);
  return {
    ...{ name: "cells", columns: COLUMNS, geometry: "Polygon", holdsSession: true, headers },
    pages: mapPages(pages, (page) =>
      page.flatMap((one) => (one.cell !== null && touches(boxOfCell(one.cell)) ? rowOf(one, weeks) : [])),
    ),
  };
}

function rowOf({ cell, trips }: Cell, weeks: number | undefined): Row {
  const [w, s, e, n] = boxOfCell(cell);
  const average = trips !== null && weeks ? trips / weeks : null;
  const ring = [
    [w, s],
    [e, s],
    [e, n],
    [w, n],
    [w, s],
  ];
  return {
    values: [cell, (w + e) / 2, (s + n) / 2, trips, weeks ?? null, average, trips === null],
    geometry: { type: "Polygon", coordinates: [ring] },
  };
}
