import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyDatabase, engine, spawnService, type TestDatabase } from "../harness/index.ts";

const MIGRATIONS = join(import.meta.dirname, "../../db/migrations");
const allMigrations = ["common", engine === "timescaledb" ? "timescaledb" : "postgres"].flatMap((folder) =>
  readdirSync(join(MIGRATIONS, folder)),
);

/** Starts a process, asks whether it is ready, stops it, and gives what it logged about the database. */
async function startOnce(database: TestDatabase, env: Record<string, string> = {}) {
  const service = spawnService({ ...database.env, ...env });
  const url = await service.listening();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  service.kill("SIGTERM");
  expect(await service.exited).toEqual({ status: 0, signal: null });
  expect(service.stderr()).toBe("");
  return { report: await service.logged("database is up to date"), log: service.log() };
}

describe("an empty database", () => {
  it("is brought all the way up by the first start, which fixes its time zone, and left alone by the next", async () => {
    const database = await emptyDatabase();
    const first = await startOnce(database, { TRIPGRID_TIME_ZONE: "Asia/Kolkata" });
    // The embedded engine begins with a copy of a database that the build has prepared.
    const up =
      engine === "embedded"
        ? { engine, migrations: 0, functions_replaced: false }
        : { engine, migrations: allMigrations.length, functions_replaced: true };
    expect(first.report).toMatchObject({ ...up, time_zone: "Asia/Kolkata" });
    const second = await startOnce(database, { TRIPGRID_TIME_ZONE: "Europe/Rome" });
    const same = { engine, migrations: 0, functions_replaced: false };
    expect(second.report).toMatchObject({ ...same, time_zone: "Asia/Kolkata" });
    const warnings = second.log.filter(({ level }) => Number(level) >= 40);
    expect(warnings).toEqual([expect.objectContaining({ msg: expect.stringMatching(/Europe\/Rome.*Asia\/Kolkata/) })]);
    await database.drop();
  });
});
