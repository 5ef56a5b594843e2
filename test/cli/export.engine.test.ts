import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetMetadata } from "hyparquet";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, sendNew, trip } from "../harness/api.ts";
import { freshDatabase, type SpawnedService, spawnService, type TestDatabase } from "../harness/index.ts";
import { run } from "./run.ts";

let database: TestDatabase;
let service: SpawnedService;
let url: string;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  service = spawnService(database.env);
  url = await service.listening();
  folder = await mkdtemp(join(tmpdir(), "tripgrid-export-"));
  const starts = ["2018-05-06T23:59:59", "2018-05-07T00:00:00", "2018-05-13T23:59:59", "2018-05-21T10:00:00"];
  await sendNew(
    { url },
    Array.from({ length: 40 }, (_, i) =>
      trip({ trip_id: `t${i}`, source: i % 2 ? "odd" : "even", started_at: starts[i % 4], origin: [7 + i / 50, 45] }),
    ),
  );
});
afterAll(async () => {
  service?.kill("SIGTERM");
  await service?.exited;
  await database?.drop();
  if (folder) await rm(folder, { recursive: true });
});

const tripgrid = (...args: string[]) => run("src/tripgrid.js", ["export", ...args, "--url", url]);
const rowsOf = async (name: string) =>
  Number(parquetMetadata(Uint8Array.from(await readFile(join(folder, name))).buffer).num_rows);

it("tripgrid export writes a file a week with as many trips as the answer has, and continues where it was stopped", async () => {
  const { status, stdout, stderr } = await tripgrid("--weeks", "2018-W18..2018-W21", "--to", folder);
  expect([status, stderr]).toEqual([0, ""]);
  const { body } = await call<WeeklyAnswer>({ url }, "/v1/weekly-averages?from=2018-04-30&to=2018-05-27");
  const names = body.weeks.map(({ week }) => `trips-${week}.parquet`);
  expect((await readdir(folder)).sort()).toEqual(names);
  for (const { week, trips } of body.weeks) {
    expect(await rowsOf(`trips-${week}.parquet`)).toBe(trips);
    expect(stdout).toContain(`trips-${week}.parquet: ${trips} trips\n`);
  }

  // As a run leaves them that was killed in the third week.
  const { mtimeMs } = await stat(join(folder, "trips-2018-W18.parquet"));
  await rm(join(folder, "trips-2018-W20.parquet"));
  await rm(join(folder, "trips-2018-W21.parquet"));
  const [old, young] = ["old", "young"].map((name) => join(folder, `trips-2018-W20.parquet.${name}.part`)) as [
    string,
    string,
  ];
  for (const part of [old, young]) await writeFile(part, "PAR1 and not much more");
  const before = new Date(Date.now() - 2 * 3_600_000);
  await utimes(old, before, before);
  const again = await tripgrid("--weeks", "2018-W18..2018-W21", "--to", folder);
  expect(again).toMatchObject({ status: 0, stderr: "" });
  expect(again.stdout).toContain("trips-2018-W18.parquet: is there already\n");
  // Another command may still write the young one.
  await rm(young);
  expect((await readdir(folder)).sort()).toEqual(names);
  expect((await stat(join(folder, "trips-2018-W18.parquet"))).mtimeMs).toBe(mtimeMs);
  expect(await rowsOf("trips-2018-W21.parquet")).toBe(body.weeks[3]?.trips);
});

it("tripgrid export accepts a source, and explains wrong arguments", async () => {
  const own = join(folder, "odd");
  expect(await tripgrid("--weeks", "2018-W19", "--to", own, "--source", "odd")).toMatchObject({
    ...{ status: 0, stdout: "trips-2018-W19.source=odd.parquet: 10 trips\n" },
  });
  const unknown = await tripgrid("--weeks", "2018-W19", "--to", own, "--source", "od/d");
  expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('the nearest is "odd"')]);
  const slashed = trip({ trip_id: "s", source: "a/b*", started_at: "2018-05-07T00:00:00" });
  await sendNew({ url }, [slashed]);
  expect(await tripgrid("--weeks", "2018-W19", "--to", own, "--source", "a/b*")).toMatchObject({ status: 0 });
  expect((await readdir(own)).sort()).toEqual([
    "trips-2018-W19.source=a%2Fb%2A.parquet",
    "trips-2018-W19.source=odd.parquet",
  ]);
  expect(await tripgrid("--weeks", "2018-W60", "--to", own)).toMatchObject({ status: 2 });
  expect(await tripgrid("--weeks", "2018-W19")).toMatchObject({ status: 2 });
  const { status, stderr } = await tripgrid("--weeks", "2018-W19", "--to", "/dev/null/folder");
  expect([status, stderr]).toEqual([1, expect.stringContaining("ENOTDIR")]);
});
