import { expect, it } from "vitest";
import { prepareDatabase } from "../../src/database/prepare.ts";
import { freshDatabase, inDatabase } from "../harness/index.ts";

it("functions of an earlier version are dropped, those of an operator stay", async () => {
  const database = await freshDatabase();
  await inDatabase(database, async (sql) => {
    await sql`create function tripgrid.clusters(area text) returns int language sql as 'select 1'`;
    await sql`create function tripgrid.of_an_operator() returns int language sql as 'select 1'`;
    await sql`create function tripgrid_internal.renamed_since() returns int language sql as 'select 1'`;
    await sql`update tripgrid.settings set functions_hash = 'old'`;
  });
  expect(await prepareDatabase({ url: database.databaseUrl ?? "" }, "UTC")).toMatchObject({ functionsReplaced: true });
  const rows = await inDatabase(
    database,
    (sql) => sql`
      select p.proname::text as name, count(*)::int as count from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('tripgrid', 'tripgrid_internal')
        and proname in ('clusters', 'of_an_operator', 'renamed_since', 'refuse_closed_week') group by 1 order by 1`,
  );
  expect([...rows]).toEqual([
    { name: "clusters", count: 1 },
    { name: "of_an_operator", count: 1 },
    { name: "refuse_closed_week", count: 1 },
  ]);
  await database.drop();
});
