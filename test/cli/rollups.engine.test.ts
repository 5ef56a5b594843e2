import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase, type SpawnedService, spawnService, type TestDatabase } from "../harness/index.ts";

const TRIPGRID = join(import.meta.dirname, "../../src/tripgrid.js");

let database: TestDatabase;
let service: SpawnedService;
let url: string;

beforeAll(async () => {
  database = await freshDatabase();
  service = spawnService(database.env);
  url = await service.listening();
});
afterAll(async () => {
  service?.kill("SIGTERM");
  await service?.exited;
  await database?.drop();
});

async function tripgrid(...args: string[]): Promise<{ status: number; out: string; error: string }> {
  const options = { env: { ...process.env, ...database.env }, timeout: 600_000 };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [TRIPGRID, "rollups", ...args], options);
    return { status: 0, out: stdout, error: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, out: stdout, error: stderr };
  }
}

const upToDate = { status: 0, out: "The rollups are up to date.\n", error: "" };

describe("tripgrid rollups", () => {
  it("waits until all is taken up, and ends at once where there is nothing to take up", async () => {
    expect(await tripgrid("rebuild", "--url", url)).toEqual(upToDate);
    const trips = Array.from({ length: 300 }, (_, i) => ({
      source: "cli",
      trip_id: `${i}`,
      started_at: `2018-0${1 + (i % 9)}-21T08:00:00`,
      origin: [7.67, 45.05],
    }));
    const headers = { "content-type": "application/json" };
    await fetch(`${url}/v1/trips`, { method: "POST", headers, body: JSON.stringify(trips) });
    // While it waits it tells its progress on stderr.
    const waited = { status: 0, out: upToDate.out };
    expect(await tripgrid("refresh", "--url", url)).toMatchObject(waited);
    expect(await tripgrid("rebuild", "--url", url)).toMatchObject(waited);
    expect(await tripgrid("status", "--url", url)).toEqual(upToDate);
    expect(await tripgrid("refresh", "--url", url)).toEqual(upToDate);
  });
});
