import { describe, it } from "vitest";
import { emptyDatabase, inDatabase } from "../harness/index.ts";
import { expectRefusal } from "../service/refusal.ts";
import { createExtensions } from "./role.ts";

/**
 * A server that says it is older than it is: names are looked up in the schema `old` before the system's, and there the
 * answer stands that an old server gives.
 */
async function expectTooOld(lie: string, sentence: RegExp): Promise<void> {
  const database = await emptyDatabase();
  await createExtensions(database, "public");
  await inDatabase(database, async (sql) => {
    await sql`create schema old`;
    await sql.unsafe(lie);
    const name = new URL(database.databaseUrl ?? "").pathname.slice(1);
    await sql`alter database ${sql(name)} set search_path = old, pg_catalog, public`;
  });
  await expectRefusal(database.env, sentence);
  await database.drop();
}

describe("what is too old is refused by its version", () => {
  it("PostgreSQL 14", async () => {
    await expectTooOld(
      `create function old.current_setting(name text) returns text language sql
       return case name when 'server_version_num' then '140011' else pg_catalog.current_setting(name) end`,
      /is PostgreSQL 14; .*15 or newer/,
    );
  });

  it("PostGIS 3.2", async () => {
    await expectTooOld(
      `create view old.pg_extension as select extname, '3.2.7'::text as extversion from pg_catalog.pg_extension`,
      /has PostGIS 3\.2\.7; .*3\.3 or newer/,
    );
  });
});
