import { describe, expect, it } from "vitest";
import { freshDatabase, spawnService } from "../../harness/index.ts";
import { expectRefusal } from "../refusal.ts";
import { countTrips, postTrips } from "../trips.ts";

describe("a data folder that a service holds", () => {
  it("is refused to a second one by the name of the first, which goes on unharmed", async () => {
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
