import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { type AnswerDeps, sendAnswer } from "../../src/kit/answer.http.ts";
import { onError } from "../../src/kit/on-error.http.ts";
import { answerDeps } from "./answers.ts";

const MB = 1024 * 1024;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Parts of 64 KB, so many of them, then perhaps a fault. */
function partsOf(count: number, fault?: Error) {
  const state = { made: 0, isEnded: false };
  const parts = async function* () {
    try {
      for (; state.made < count; state.made++) yield "x".repeat(65_536);
      if (fault) throw fault;
    } finally {
      state.isEnded = true;
    }
  };
  return { state, parts: parts() };
}

function appWith(answers: AnswerDeps, partsNow: () => AsyncGenerator<string>, holdsSession = false): Hono {
  const app = new Hono();
  app.onError(onError(() => {}, { maxVertices: 1, maxFaults: 10, maxNameLength: 100 }));
  app.get("/", (c) => sendAnswer(c, answers, partsNow(), { contentType: "text/plain", holdsSession }));
  return app;
}

/** Asks over a connection; nothing is read of the reply until the test does. */
async function open(app: Hono): Promise<{ client: ClientRequest; reply: IncomingMessage }> {
  const server: ServerType = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  const client = request({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }).end();
  closers.push(() => {
    client.destroy();
    server.close();
  });
  const reply = await new Promise<IncomingMessage>((resolve) => client.once("response", resolve));
  return { client, reply };
}

async function lengthOf(reply: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of reply) bytes += chunk.length;
  return bytes;
}

const stands = async (value: () => number) => {
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = value() === before;
        before = value();
        return isStill;
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe(true);
};

describe("an answer", () => {
  it("comes whole, and gives its room back", async () => {
    const { answers } = answerDeps();
    for (const count of [0, 1, 2, 20, 800]) {
      const { reply } = await open(appWith(answers, () => partsOf(count).parts));
      expect(await lengthOf(reply)).toBe(count * 65_536);
    }
    expect(answers.room.held().answers).toBe(0);
  });

  it("is made only as far as there is room, while its reader takes nothing", async () => {
    const { answers } = answerDeps(16 * MB);
    const { state, parts } = partsOf(5000);
    const { client } = await open(appWith(answers, () => parts));
    await stands(() => state.made);
    expect(answers.room.held().answers).toBeLessThanOrEqual(8 * MB);
    // What the kernel has taken, and what is held.
    expect(state.made).toBeLessThan(400);
    client.destroy();
    await expect.poll(() => state.isEnded, { timeout: 60_000 }).toBe(true);
    await expect.poll(() => answers.room.held().answers).toBe(0);
  });

  it("gets to its end beside others that are not read", async () => {
    const { answers } = answerDeps(8 * MB);
    const app = appWith(answers, () => partsOf(1000).parts);
    for (let i = 0; i < 4; i++) await open(app);
    const { reply } = await open(app);
    expect(await lengthOf(reply)).toBe(1000 * 65_536);
  });

  it("for which there is no room is refused, a small one is not", async () => {
    const { answers } = answerDeps(2 * MB, { maxAheadBytes: 2 * MB });
    await open(appWith(answers, () => partsOf(1000).parts));
    await expect.poll(() => answers.room.held().answers).toBeGreaterThan(1.5 * MB);
    const { state, parts } = partsOf(1000);
    const reply = await appWith(answers, () => parts).request("/");
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(state.isEnded).toBe(true);
    expect((await appWith(answers, () => partsOf(1).parts).request("/")).status).toBe(200);
  });

  it("that fails at once is a reply of its own; later it is broken off", async () => {
    const { answers, errors } = answerDeps();
    const fault = new Error("gone");
    expect((await appWith(answers, () => partsOf(3, fault).parts).request("/")).status).toBe(500);
    const { reply } = await open(appWith(answers, () => partsOf(300, fault).parts));
    await expect(lengthOf(reply)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(errors).toEqual([fault]);
    expect(answers.room.held().answers).toBe(0);
  });

  it("is not made for a HEAD", async () => {
    const { answers } = answerDeps();
    const { state, parts } = partsOf(1000);
    const reply = await appWith(answers, () => parts).request("/", { method: "HEAD" });
    expect([reply.status, await reply.text(), state.isEnded]).toEqual([200, "", true]);
    expect(answers.room.held().answers).toBe(0);
  });
});

it("a reader that keeps a session and takes nothing is cut after ten seconds", async () => {
  const { answers } = answerDeps(16 * MB);
  const { state, parts } = partsOf(5000);
  const { reply } = await open(appWith(answers, () => parts, true));
  await expect.poll(() => state.isEnded, { timeout: 60_000 }).toBe(true);
  expect(answers.room.held().answers).toBe(0);
  await expect(lengthOf(reply)).rejects.toMatchObject({ code: "ECONNRESET" });
});
