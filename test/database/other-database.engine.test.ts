import { afterAll, beforeAll, describe, it } from "vitest";
import { engine, freshDatabase, inDatabase, type TestDatabase } from "../harness/index.ts";
import { expectRefusal } from "../service/refusal.ts";

/** The last migration of the chain before this one. */
const OLDER = "20261129002750";
const COPY = "npm run copy -- FROM_URL TO_URL";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database?.drop());

describe("a database that is not for this Tripgrid is refused", () => {
  it("by the command that copies it, if it was set up for another engine", async () => {
    const other = engine === "postgres" ? "timescaledb" : "postgres";
    await inDatabase(database, (sql) => sql`update tripgrid.settings set engine = ${other}`);
    await expectRefusal(database.env, new RegExp(`engine ${other} .* ${engine},.* ${COPY}`));
  });

  it("by that command and its migration, if an older chain of migrations made it", async () => {
    await inDatabase(database, async (sql) => {
      await sql`update tripgrid.settings set engine = ${engine}`;
      await sql`insert into tripgrid.schema_migrations values (${OLDER})`;
    });
    await expectRefusal(database.env, new RegExp(`older Tripgrid .*${OLDER}.* ${COPY}`));
  });

  it("by its migration, if a newer Tripgrid set it up", async () => {
    await inDatabase(
      database,
      (sql) => sql`
        update tripgrid.schema_migrations set version = '29991231000000' where version = ${OLDER}`,
    );
    await expectRefusal(database.env, /newer Tripgrid .*29991231000000/);
  });
});
