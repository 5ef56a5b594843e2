import { describe, expect, it } from "vitest";
import { dumpSchema } from "../../src/database/schema-dump.ts";
import { engine, freshDatabase, inDatabase } from "../harness/index.ts";

describe("the schema that the migrations make", () => {
  it("is the one in db/schema, which npm run generate writes", async () => {
    const database = await freshDatabase();
    const dump = await inDatabase(database, (sql) => dumpSchema(sql, engine));
    // The embedded engine's schema is stock PostgreSQL's.
    const name = engine === "timescaledb" ? "timescaledb" : "postgres";
    await expect(dump).toMatchFileSnapshot(`../../db/schema/${name}.txt`);
    await database.drop();
  });
});
