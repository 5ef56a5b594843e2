import { describe, expect, it } from "vitest";
import { canStartServers, ownServer, spawnService } from "../harness/index.ts";
import { countTrips, postTrips } from "../service/trips.ts";

describe.skipIf(!canStartServers)("TimescaleDB's Apache edition (skipped on a server given by its URL)", () => {
  it("is used as stock PostgreSQL, since it has no continuous aggregates", async () => {
    const server = await ownServer({ "timescaledb.license": "apache" });
    try {
      const service = spawnService({ DATABASE_URL: server.url });
      const url = await service.listening();
      expect(await service.logged("database is up to date")).toMatchObject({ engine: "postgres" });
      await postTrips(url, "a");
      expect(await countTrips(url)).toBe(1);
      service.kill("SIGTERM");
      expect((await service.exited).status).toBe(0);
    } finally {
      server.stop();
    }
  });
});
