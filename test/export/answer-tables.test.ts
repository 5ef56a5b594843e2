import { expect, it } from "vitest";
import { queryTable } from "../../src/export/answer-tables.ts";
import { onePage } from "../../src/kit/pages.ts";
import { DEFAULT_LIMIT, type Query } from "../../src/queries/query.ts";

const query: Query = {
  by: [
    { name: "hour", is: { column: "hour" } },
    { name: "weekday", is: { column: "weekday" } },
    { name: "week", is: { column: "week" } },
    { name: "seats", is: { attribute: "seats" } },
    { name: "cell", is: { cell: "origin_cell", precision: 5 } },
  ],
  select: [
    { name: "trips", is: "trips" },
    { name: "longest", is: { aggregate: "max", of: { number: "distance_m" } } },
  ],
  where: { and: [] },
  having: { and: [] },
  order: [],
  limit: DEFAULT_LIMIT,
};

it("the columns of a query hold what its keys and measures are, whatever the first row holds", async () => {
  const rows = [
    [null, null, null, null, null, 3, null],
    [7, 1, "2018-W20", "4", "u0j2v", 2, 12.5],
  ];
  const table = queryTable(query, {
    columns: [...query.by, ...query.select].map(({ name }) => name),
    ...{
      pages: onePage(rows),
      holdsSession: false,
      truncated: false,
      source: "trips",
      data_as_of: "2018-05-21T00:00:00Z",
    },
  });
  expect(table.columns).toEqual([
    ...[
      { name: "hour", type: "number" },
      { name: "weekday", type: "number" },
    ],
    ...["week", "seats", "cell"].map((name) => ({ name, type: "string" })),
    ...[
      { name: "trips", type: "number" },
      { name: "longest", type: "number" },
    ],
  ]);
  expect((await table.pages.next())?.map(({ values }) => values)).toEqual(rows);
});
