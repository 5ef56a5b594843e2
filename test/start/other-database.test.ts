import { describe, it } from "vitest";
import { engine, freshDatabase, inDatabase } from "../harness/index.ts";
import { expectRefusal } from "./refusal.ts";

describe("a database that is not for this Tripgrid is refused", () => {
  it("set up for another engine: the sentence names the command that copies it over", async () => {
    const database = await freshDatabase();
    const other = engine === "postgres" ? "timescaledb" : "postgres";
    await inDatabase(database, (sql) => sql`update tripgrid.settings set engine = ${other}`);
    await expectRefusal(database.env, new RegExp(`engine ${other} .* ${engine},.* npm run copy -- FROM_URL TO_URL`));
    await database.drop();
  });

  it("set up by a newer Tripgrid: the sentence names the migration", async () => {
    const database = await freshDatabase();
    await inDatabase(database, (sql) => sql`insert into tripgrid.schema_migrations values ('29991231000000')`);
    await expectRefusal(database.env, /newer Tripgrid .*29991231000000/);
    await database.drop();
  });
});
