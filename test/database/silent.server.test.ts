import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { expectRefusal } from "../service/refusal.ts";

/** "Authentication OK" and "ready for query", as a connection pooler says it whose database is away. */
const WELCOME = Buffer.from("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", "latin1");

it.concurrent.each([
  ["takes connections and never says a word", Buffer.alloc(0)],
  ["lets everybody in and never answers a query", WELCOME],
])("what %s is refused after a while", async (_, greeting) => {
  const open: Socket[] = [];
  const server = createServer((socket) => {
    open.push(socket.on("error", () => {}).resume());
    socket.once("data", () => socket.write(greeting));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `postgres://postgres:secret@127.0.0.1:${port}/trips`;
  const began = Date.now();
  try {
    await expectRefusal({ DATABASE_URL: url }, /(does not answer|cannot be reached).*DATABASE_URL/);
    expect(open.length).toBeGreaterThan(0);
    expect(Date.now() - began).toBeLessThan(60_000);
  } finally {
    server.close();
    for (const socket of open) socket.destroy();
  }
});
