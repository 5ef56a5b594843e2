import { describe, expect, it } from "vitest";
import { prepareDatabase } from "../../src/database/prepare.ts";
import { emptyDatabase, spawnService } from "../harness/index.ts";

describe("on one empty database", () => {
  it("four that prepare it at once all succeed, and one of them does the work", async () => {
    const database = await emptyDatabase();
    const address = { url: database.databaseUrl ?? "" };
    const all = await Promise.all([1, 2, 3, 4].map(() => prepareDatabase(address, "UTC")));
    expect(all.filter(({ migrated }) => migrated.length > 0)).toHaveLength(1);
    expect(all.filter(({ functionsReplaced }) => functionsReplaced)).toHaveLength(1);
    await database.drop();
  });

  it("two services that start at once both come up, and one of them migrates", async () => {
    const database = await emptyDatabase();
    const services = [spawnService(database.env), spawnService(database.env)];
    const urls = await Promise.all(services.map((service) => service.listening()));
    for (const url of urls) expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const reports = await Promise.all(services.map((service) => service.logged("database is up to date")));
    expect(reports.filter(({ migrations }) => migrations === 0)).toHaveLength(1);
    for (const service of services) service.kill("SIGTERM");
    for (const service of services) expect((await service.exited).status).toBe(0);
    await database.drop();
  });
});
