import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { expectRefusal } from "../refusal.ts";

it("a port that takes connections and never answers is refused after a while", { timeout: 60_000 }, async () => {
  const open: Socket[] = [];
  const server = createServer((socket) => {
    open.push(socket.on("error", () => {}).resume());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const began = Date.now();
  try {
    await expectRefusal(
      { DATABASE_URL: `postgres://postgres:secret@127.0.0.1:${port}/trips` },
      /does not answer|cannot be reached/,
    );
    expect(open.length).toBeGreaterThan(0);
    expect(Date.now() - began).toBeLessThan(25_000);
  } finally {
    server.close();
    for (const socket of open) socket.destroy();
  }
});
