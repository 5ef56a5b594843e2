import type { Sql } from "../database/client.ts";
import { openCursor } from "../database/cursor.ts";
import type { Bbox } from "../geo/bbox.ts";
import { mapPages } from "../kit/pages.ts";
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

type Found = { cell: string; trips: number | null };

/**
 * The cells with a trip that fits the question, as polygons.
 *
 * @param box only cells that touch one of these
 * @param weeks how many weeks are counted. Undefined: there is no trip
 */
export function cellTable(
  client: Sql,
  q: Omit<CellQuestion, "bbox">,
  boxes: readonly Bbox[] | undefined,
  weeks: number | undefined,
): Table {
  const size = q.precision;
  const parents = boxes
    ? [...new Set(boxes.flatMap((box) => coverOf(box, size - 1, MAX_PARENTS)))]
    : cellsIn([-180, -90, 180, 90], 1);
  // Boxes may have covers of different sizes, and no parent may lie in another one.
  const least = Math.min(...parents.map((cell) => cell.length));
  const pages = openCursor<Found>(
    client,
    {
      text: `
        select c.cell, c.trips
        from tripgrid_internal.shown_cells(
          tripgrid_internal.selection_of(null, $1, $2, $3, $4::date, $5::date, $6::int[], $7::int[]), $8::text[], $9::int) c
        order by c.cell`,
      parameters: [
        ...[q.match, q.source ?? null, q.region ?? null, q.from ?? null, q.to ?? null, q.hours ?? null, q.days ?? null],
        ...[[...new Set(parents.map((cell) => cell.slice(0, least)))], size],
      ],
    },
    { rows: ROWS_A_PAGE, bytes: Number.POSITIVE_INFINITY, bytesOf: () => 1 },
  );
  const touches = ([w, s, e, n]: Bbox) =>
    !boxes || boxes.some((box) => w <= box[2] && e >= box[0] && s <= box[3] && n >= box[1]);
  return {
    ...{ name: "cells", columns: COLUMNS, geometry: "Polygon", holdsSession: true, headers: {} },
    pages: mapPages(pages, (page) =>
      page.filter(({ cell }) => touches(boxOfCell(cell))).map((one) => rowOf(one, weeks)),
    ),
  };
}

function rowOf({ cell, trips }: Found, weeks: number | undefined): Row {
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
