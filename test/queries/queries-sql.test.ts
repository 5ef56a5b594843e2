import { expect, it } from "vitest";
import { runQuery } from "../../src/queries/query.db.ts";
import { queryFrom } from "../../src/queries/query-from.ts";
import { recordSql } from "../harness/recorded-sql.ts";

const SQUARE = [
  [7.6, 45],
  [7.7, 45],
  [7.7, 45.1],
  [7.6, 45],
];
const polygon = { type: "Polygon", coordinates: [SQUARE] };

/** A query of each source, and of each way to read the trips. */
const QUERIES = [
  {},
  { by: ["region", "week"], where: { from: "2018-05-21", to: "2018-05-27" }, order: ["-trips"], limit: 10 },
  { by: [{ origin_cell: 5 }], where: { source: "baba_car" }, having: { trips: { ">=": 5 } } },
  { by: [{ destination_cell: 6 }, "region"] },
  {
    by: ["hour", "attributes.vehicle_model_id"],
    select: ["trips", { avg: "duration_s" }, { percentile: "great_circle_m", p: 0.5 }],
    where: { within: { area: polygon, match: "either" }, weekday: { in: [1, 2, 3, 4, 5] } },
  },
  { by: ["driver"], where: { and: [{ within: { boundary: "Turin" } }, { not: { region: "Rome" } }] } },
];

it("the statements for queries are those in db/queries, which npm run generate writes", async () => {
  const { db, sql, check, taken } = recordSql([
    { bytes: 0, found: 0, place: null, min_trips: 1, retired_before: null },
  ]);
  const parts: string[] = [];
  for (const body of QUERIES) {
    await runQuery(db, sql, check, queryFrom(structuredClone(body)));
    parts.push(taken(JSON.stringify(body)));
  }
  await expect(parts.join("\n")).toMatchFileSnapshot("../../db/queries/queries.sql");
});
