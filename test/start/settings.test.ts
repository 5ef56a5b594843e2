import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { emptyDatabase, freePort, freshDatabase, spawnService } from "../harness/index.ts";
import { expectRefusal } from "./refusal.ts";

describe("a wrong setting is refused by its name", () => {
  it.each([
    ["PORT", "abc"],
    ["PORT", "70000"],
    ["DATABASE_URL", "mysql://localhost/trips"],
    ["TRIPGRID_TIME_ZONE", "Mars/Olympus_Mons"],
    ["TRIPGRID_MIN_TIME", "yesterday"],
  ])("%s=%s", async (name, value) => {
    await expectRefusal({ [name]: value }, new RegExp(`${name}: `));
  });

  it("several at once are all named", async () => {
    await expectRefusal({ PORT: "abc", TRIPGRID_LOG_LEVEL: "loud" }, /PORT: .*TRIPGRID_LOG_LEVEL: /);
  });
});

it("a time zone that Node knows and the database does not is refused", async () => {
  const database = await emptyDatabase();
  try {
    await expectRefusal({ ...database.env, TRIPGRID_TIME_ZONE: "CTT" }, /TRIPGRID_TIME_ZONE: .*CTT/);
  } finally {
    await database.drop();
  }
});

describe("PORT", () => {
  it("in use by another program is refused", async () => {
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    const database = await freshDatabase();
    try {
      await expectRefusal({ ...database.env, PORT: String(port) }, new RegExp(`cannot listen on 127.0.0.1:${port}`));
    } finally {
      other.close();
      await database.drop();
    }
  });

  it("is where the service listens", async () => {
    const port = await freePort();
    const database = await freshDatabase();
    const service = spawnService({ ...database.env, PORT: String(port) });
    expect(await service.listening()).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    service.kill("SIGTERM");
    await service.exited;
    await database.drop();
  });
});
