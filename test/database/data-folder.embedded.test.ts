import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyDatabase, freshDatabase, spawnService } from "../harness/index.ts";
import { expectRefusal } from "../service/refusal.ts";
import { countTrips, postTrips } from "../service/trips.ts";

describe("a data folder that a service holds", () => {
  it("is refused to a second one, which names the first; the first keeps running", async () => {
    const database = await freshDatabase();
    const first = spawnService(database.env);
    const url = await first.listening();
    await postTrips(url, "a");
    await expectRefusal(
      database.env,
      new RegExp(`data folder ${database.dataFolder} is in use by another Tripgrid \\(process ${first.pid}, since `),
    );
    await postTrips(url, "b");
    expect(await countTrips(url)).toBe(2);

    first.kill("SIGTERM");
    await first.exited;
    const third = spawnService(database.env);
    expect(await countTrips(await third.listening())).toBe(2);
    third.kill("SIGTERM");
    await third.exited;
    await database.drop();
  });
});

it("a data folder whose first start was interrupted is set up again, with the time zone of the second start", async () => {
  const database = await emptyDatabase();
  mkdirSync(join(database.dataFolder, "pgdata.part"), { recursive: true });
  writeFileSync(join(database.dataFolder, "pgdata.part/PG_VERSION"), "half");
  const service = spawnService({ ...database.env, TRIPGRID_TIME_ZONE: "Asia/Tokyo" });
  const url = await service.listening();
  await postTrips(url, "a");
  expect(await countTrips(url)).toBe(1);
  expect(await service.logged("database is up to date")).toMatchObject({ time_zone: "Asia/Tokyo" });
  service.kill("SIGTERM");
  await service.exited;
  await database.drop();
});
