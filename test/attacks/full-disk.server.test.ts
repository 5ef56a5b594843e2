/** A disk without room: requests say so and when to come again, and what was acknowledged stays. */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { canStartServers } from "../harness/index.ts";
import { Load } from "./harness/clients.ts";
import { fillDisk, mountSmall } from "./harness/harm.ts";
import { ask, expectProblem, fill, untilNormal, useTarget } from "./harness/index.ts";
import { startOwnServer } from "./harness/own-server.ts";

const folder = join(tmpdir(), `tg-full-${process.pid}`);
const disk = canStartServers ? mountSmall(folder, 400) : undefined;
afterAll(() => {
  disk?.unmount();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!disk)(
  `a disk without room${disk ? "" : " (skipped: this user may mount no small file system)"}`,
  () => {
    const target = useTarget({}, async () => (await startOwnServer(join(folder, "server"))).database);

    it("is reported with a 507 or 503, and loses nothing that was acknowledged", async () => {
      await fill(target.url, 5000);
      const load = new Load(() => target.url, { deadlineMs: { write: 30_000, read: 90_000 }, writers: 6, readers: 4 });
      load.start();
      await sleep(1000);
      const full = fillDisk(folder);
      try {
        await sleep(6000);
        const body = Array.from({ length: 20_000 }, (_, i) => `attack,2024-05-21T08:00:00,7.6,45.${i}`).join("\n");
        const csv = `source,started_at,origin_lon,origin_lat\n${body}`;
        const large = await ask(target.url, {
          method: "POST",
          path: "/v1/trips",
          body: csv,
          headers: { "content-type": "text/csv" },
        });
        if (large.status !== 200) expectProblem(large, 503, 507);
      } finally {
        full.empty();
      }
      await untilNormal(target.url, 30_000);
      await load.finish();
      expect(load.wrong.slice(0, 5)).toEqual([]);
      expect(await load.compare(target.sql)).toMatchObject({ lost: 0, doubled: 0, strangers: 0 });
    });
  },
);
