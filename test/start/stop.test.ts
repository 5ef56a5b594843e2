import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase, spawnService, type TestDatabase } from "../harness/index.ts";
import { countTrips, postTrips, tripsJson } from "./trips.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("ends the service with status 0, at once where nothing is under way", async () => {
    const service = spawnService(database.env);
    const url = await service.listening();
    // Leaves a connection open, as clients and load balancers do.
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const before = performance.now();
    service.kill(signal);
    expect(await service.exited).toEqual({ status: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(3000);
    expect(service.stderr()).toBe("");
  });

  it("lets a request under way finish, and accepts no other", async () => {
    const service = spawnService(database.env);
    const url = await service.listening();
    const id = `under way at ${signal}`;
    const body = tripsJson(id);
    const upload = request(`${url}/v1/trips`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": body.length, expect: "100-continue" },
    });
    upload.flushHeaders();
    // From here on the service has the request and waits for its body.
    await once(upload, "continue");
    service.kill(signal);
    await service.logged(`${signal}: finishing`);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    upload.end(body);
    const [reply] = (await once(upload, "response")) as [IncomingMessage];
    expect(reply.statusCode).toBe(200);
    expect(JSON.parse(await text(reply))).toMatchObject({ state: "committed", inserted: 1 });
    const before = performance.now();
    expect(await service.exited).toEqual({ status: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(3000);

    const next = spawnService(database.env);
    expect(await postTrips(await next.listening(), id)).toMatchObject({ inserted: 0, duplicates: 1 });
    next.kill("SIGKILL");
    await next.exited;
  });
});

describe("kill -9", () => {
  it("loses nothing that was acknowledged, and the next start works", async () => {
    const own = await freshDatabase();
    const service = spawnService(own.env);
    await postTrips(await service.listening(), "k1", "k2");
    service.kill("SIGKILL");
    expect(await service.exited).toEqual({ status: null, signal: "SIGKILL" });

    const next = spawnService(own.env);
    const url = await next.listening();
    expect(await countTrips(url)).toBe(2);
    expect(await postTrips(url, "k2", "k3")).toMatchObject({ inserted: 1, duplicates: 1 });
    next.kill("SIGTERM");
    await next.exited;
    await own.drop();
  });
});
