import { describe, expect, it } from "vitest";
import { emptyDatabase, inDatabase, spawnService } from "../../harness/index.ts";
import { countTrips, postTrips } from "../trips.ts";

describe("TimescaleDB's Apache edition", () => {
  it("is used as stock PostgreSQL, since it has no continuous aggregates", async () => {
    const database = await emptyDatabase();
    const name = new URL(database.databaseUrl ?? "").pathname.slice(1);
    await inDatabase(database, (sql) => sql`alter database ${sql(name)} set timescaledb.license = 'apache'`);
    const service = spawnService(database.env);
    const url = await service.listening();
    expect(await service.logged("database is up to date")).toMatchObject({ engine: "postgres" });
    await postTrips(url, "a");
    expect(await countTrips(url)).toBe(1);
    service.kill("SIGTERM");
    await service.exited;
    await database.drop();
  });
});
