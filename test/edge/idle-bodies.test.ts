import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endIdleBody } from "../../src/edge/idle-bodies.http.ts";

const IDLE_MS = 100;

let server: Server;
beforeEach(async () => {
  server = createServer(async (received, response) => {
    endIdleBody(received, IDLE_MS);
    const body = await text(received).catch(() => undefined);
    if (body === undefined) return;
    // Whoever waits for its answer sends nothing.
    await sleep(IDLE_MS * 4);
    response.end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterEach(() => server.close());

const post = () => {
  const sending = request({
    port: (server.address() as AddressInfo).port,
    method: "POST",
    headers: { "content-length": 8 },
  });
  sending.flushHeaders();
  return sending;
};

describe("a request", () => {
  it("is ended when nothing more comes of its body", async () => {
    const sending = post();
    sending.write("12");
    await expect(once(sending, "response")).rejects.toThrow("socket hang up");
  });

  it("may take as long as it likes while something comes, and then wait for its answer", async () => {
    const sending = post();
    for (let i = 1; i <= 8; i++) {
      sending.write(String(i));
      await sleep(IDLE_MS / 2);
    }
    const [response] = await once(sending.end(), "response");
    expect(await text(response)).toBe("12345678");
  });
});
