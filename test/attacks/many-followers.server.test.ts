/** Followers who only listen, and some who do not even read: they cost writers little, and hold little memory. */
import { afterEach, expect, it } from "vitest";
import { head, oneTrip, open, post, useTarget } from "./harness/index.ts";

const target = useTarget();
const sockets: ReturnType<typeof open>[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Posts a second of four clients. */
async function rate(seconds: number): Promise<number> {
  let posts = 0;
  const end = performance.now() + seconds * 1000;
  const client = async () => {
    while (performance.now() < end) {
      expect((await post(target.url, oneTrip())).status).toBe(200);
      posts++;
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
  return posts / seconds;
}

it("300 followers, 50 of which never read, leave writers a good part of their rate", async () => {
  await rate(1);
  const alone = await rate(4);
  for (let i = 0; i < 300; i++) {
    const socket = open(target.port);
    if (i < 50) socket.pause();
    else socket.resume();
    socket.write(head("GET", "/v1/events", { accept: "text/event-stream" }));
    sockets.push(socket);
  }
  await rate(1);
  const followed = await rate(4);
  // Four fifths is the aim, and on a busy machine both rates vary; before, a tenth was left.
  expect(followed / alone).toBeGreaterThan(0.25);
});
