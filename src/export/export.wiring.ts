import { wireClusters } from "../clusters/clusters.wiring.ts";
import type { Sql } from "../database/client.ts";
import { bboxFrom, polygonOfBox } from "../geo/bbox.ts";
import { type Bound, withinBound } from "../kit/bounds.ts";
import { pagesAfter } from "../kit/pages.ts";
import { wireQueries } from "../queries/queries.wiring.ts";
import { amongKnown } from "../weekly-averages/known-names.db.ts";
import { wireWeeklyAverages } from "../weekly-averages/weekly-averages.wiring.ts";
import type { Wiring } from "../wiring.ts";
import { areaTable, clusterTable, queryTable } from "./answer-tables.ts";
import { cellTable } from "./cell-table.db.ts";
import type { Export } from "./export.ts";
import type { Table } from "./table.ts";
import { withTimeLimit } from "./time-limit.ts";
import { tripTable } from "./trip-table.db.ts";
import { createTurns, type InTurn } from "./turns.ts";
import { boundsOf } from "./wkb.ts";

/**
 * Reads the first page of a table. If there is none, the source and region must be known.
 *
 * @throws AppError not_found
 */
async function amongKnownRows(sql: Sql, asked: Bound, read: () => Promise<Table>): Promise<Table> {
  const { table } = await amongKnown(
    sql,
    asked,
    ({ first }) => first === undefined,
    async () => {
      const all = await read();
      const first = await all.pages.next();
      return { first, table: first === undefined ? all : { ...all, pages: pagesAfter(first, all.pages) } };
    },
  );
  return table;
}

/** What is exported, each within the bounds of the caller. */
export function wireExport(wiring: Wiring): { exported: Export } {
  const { questions, db, check, config } = wiring;
  // The other half is for questions that are answered at once.
  const ownTurn = createTurns(Math.max(1, Math.floor(config.questionConnections / 2)));
  const inTurn: InTurn = async (open) => withTimeLimit(await ownTurn(open), config.exportTimeoutMs);
  const calls = { ...wireClusters(wiring), ...wireWeeklyAverages(wiring), ...wireQueries(wiring) };
  const exported: Export = {
    trips: async (filters, byCell) => {
      const own = withinBound(filters);
      const read = () => tripTable(db, questions, check, own, byCell ? "cell" : "time");
      return inTurn(() => amongKnownRows(questions, own, read));
    },
    cells: async (asked) => {
      const { bbox, ...q } = withinBound(asked);
      // A box across the antimeridian is two.
      const shape = bbox === undefined ? undefined : polygonOfBox(bboxFrom(bbox));
      const parts = shape?.type === "MultiPolygon" ? shape.coordinates : shape && [shape.coordinates];
      const boxes = parts?.map((coordinates) => boundsOf({ type: "Polygon", coordinates }));
      return inTurn(() => amongKnownRows(questions, q, () => cellTable(questions, q, boxes)));
    },
    clusters: async (question) => clusterTable(await calls.clusters(question)),
    byArea: async (question) => {
      const { answer, features } = await calls.weeklyAveragesByArea(question, true);
      return areaTable(answer, features);
    },
    query: async (query) => queryTable(query, await calls.runQuery(query)),
  };
  return { exported };
}
