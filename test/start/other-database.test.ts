import { describe, it } from "vitest";
import { engine, freshDatabase, inDatabase } from "../harness/index.ts";
import { expectRefusal } from "./refusal.ts";

describe("a database that is not for this Tripgrid is refused", () => {
  it("set up for another engine, by the command that copies it over, or by a newer one, by its migration", async () => {
    const database = await freshDatabase();
    const other = engine === "postgres" ? "timescaledb" : "postgres";
    await inDatabase(database, (sql) => sql`update tripgrid.settings set engine = ${other}`);
    await expectRefusal(database.env, new RegExp(`engine ${other} .* ${engine},.* npm run copy -- FROM_URL TO_URL`));

    await inDatabase(database, async (sql) => {
      await sql`update tripgrid.settings set engine = ${engine}`;
      await sql`insert into tripgrid.schema_migrations values ('29991231000000')`;
    });
    await expectRefusal(database.env, /newer Tripgrid .*29991231000000/);
    await database.drop();
  });
});
