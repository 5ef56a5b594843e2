import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CUT } from "../../src/service.ts";
import { freshDatabase, type SpawnedService, spawnService, type TestDatabase } from "../harness/index.ts";
import { postTrips, tripsJson } from "./trips.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(() => database.drop());

/** Waits for the orderly end of a service that has nothing left to do. */
async function expectPromptEnd(service: SpawnedService): Promise<void> {
  expect(await service.exited).toEqual({ status: 0, signal: null });
  expect(service.log().map(({ msg }) => msg)).not.toContain(CUT);
  expect(service.stderr()).toBe("");
}

/** A client that keeps its one connection, and has sent all of a request but its body. */
async function beginUpload(url: string, body: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { "content-type": "application/json", "content-length": body.length, expect: "100-continue" };
  const upload = request(`${url}/v1/trips`, { method: "POST", agent, headers });
  upload.flushHeaders();
  // The service says so once it has the request and waits for the body.
  await once(upload, "continue");
  const replyTo = async (sent: typeof upload) => {
    const [reply] = (await once(sent, "response")) as [IncomingMessage];
    return { status: reply.statusCode, body: await text(reply) };
  };
  return {
    end: () => replyTo(upload.end(body)),
    askAgain: () => replyTo(request(`${url}/livez`, { agent }).end()),
  };
}

describe("a service that is told to stop", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends with status 0, at once where nothing is under way: %s",
    async (signal) => {
      const service = spawnService(database.env);
      // Leaves a connection open, as clients and load balancers do.
      expect((await fetch(`${await service.listening()}/readyz`)).status).toBe(200);
      service.kill(signal);
      await expectPromptEnd(service);
    },
  );

  it("lets a request under way finish, and accepts no other", async () => {
    const service = spawnService(database.env);
    const url = await service.listening();
    const id = "under way";
    const client = await beginUpload(url, tripsJson(id));
    service.kill("SIGTERM");
    await service.logged("SIGTERM: finishing");
    await vi.waitFor(() => expect(fetch(`${url}/livez`)).rejects.toThrow(), 60_000);
    const reply = await client.end();
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toMatchObject({ state: "committed", inserted: 1 });
    await expectPromptEnd(service);

    const next = spawnService(database.env);
    expect(await postTrips(await next.listening(), id)).toMatchObject({ inserted: 0, duplicates: 1 });
    next.kill("SIGKILL");
    await next.exited;
  });

  it("does not wait for a client that keeps sending requests on its connection", async () => {
    const service = spawnService(database.env);
    const client = await beginUpload(await service.listening(), tripsJson("goes on"));
    service.kill("SIGTERM");
    await service.logged("SIGTERM: finishing");
    expect((await client.end()).status).toBe(200);
    let answered = true;
    while (answered)
      answered = await client.askAgain().then(
        () => true,
        () => false,
      );
    await expectPromptEnd(service);
  });
});
