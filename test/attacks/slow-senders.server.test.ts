/** Senders of a byte now and then: they take no room that others need, and are cut. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { head, oneTrip, open, post, until, useTarget } from "./harness/index.ts";

const target = useTarget();

it("four senders that announce 8 MB and send a byte a second delay no other client, and are cut", {
  timeout: 90_000,
}, async () => {
  const headers = { "content-type": "application/json", "content-length": 8 * 1024 * 1024 };
  const sockets = Array.from({ length: 4 }, () => open(target.port).resume());
  let closed = 0;
  for (const socket of sockets) {
    socket.on("close", () => closed++);
    socket.write(head("POST", "/v1/trips", headers) + "[".repeat(20_000));
  }
  const dribble = setInterval(() => {
    for (const socket of sockets) socket.write(" ");
  }, 1000);
  try {
    await sleep(500);
    for (let i = 0; i < 10; i++) {
      const body = `[${Array.from({ length: 400 }, () => oneTrip()).join(",")}]`;
      const reply = await post(target.url, body);
      // Before, the senders had taken all the room, and this was a 429.
      expect([reply.status, reply.text.slice(0, 200)]).toMatchObject([200, expect.any(String)]);
    }
    await until("all four are cut", 45_000, async () => closed === 4);
  } finally {
    clearInterval(dribble);
    for (const socket of sockets) socket.destroy();
  }
});
