import { createServer } from "node:net";
import { expect, it } from "vitest";
import { freePort, freshDatabase, spawnService } from "../harness/index.ts";
import { expectRefusal } from "./refusal.ts";

it("PORT in use by another program is refused, and is where the service listens once it is free", async () => {
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  const database = await freshDatabase();
  const env = { ...database.env, PORT: String(port) };
  try {
    await expectRefusal(env, new RegExp(`cannot listen on 127.0.0.1:${port}`));
  } finally {
    await new Promise((closed) => other.close(closed));
  }
  const service = spawnService(env);
  expect(await service.listening()).toBe(`http://127.0.0.1:${port}`);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  service.kill("SIGTERM");
  await service.exited;
  await database.drop();
});
