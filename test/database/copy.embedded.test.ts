import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { freshDatabase, itInFull, startTestService } from "../harness/index.ts";
import { countTrips, postTrips } from "../service/trips.ts";

const copy = (...args: string[]) =>
  promisify(execFile)(process.execPath, ["dist/copy.js", ...args], {
    cwd: resolve(import.meta.dirname, "../.."),
  });

describe("npm run copy", () => {
  itInFull("moves a data folder of an older chain of migrations into a new folder", async () => {
    const [from, to] = [await freshDatabase(), await freshDatabase()];
    const old = await startTestService({}, { ...from, drop: async () => {} });
    await postTrips(old.url, "a", "b");
    await old.sql`insert into tripgrid.schema_migrations values ('20261120000100')`;
    await old.stop();
    expect((await copy(from.dataFolder, to.dataFolder)).stdout).toContain("trips: 2 rows\n");
    const service = await startTestService({}, { ...to, drop: async () => {} });
    expect(await countTrips(service.url)).toBe(2);
    await service.stop();
    await Promise.all([from.drop(), to.drop()]);
    // It starts the embedded engine four times.
  });

  it("says how it is called when a place is neither a PostgreSQL URL nor a folder", async () => {
    await expect(copy("folder", "mysql://host/db")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^usage: npm run copy/),
    });
  });
});
