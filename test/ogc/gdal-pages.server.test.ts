/**
 * 100,000 trips through GDAL in the full run, 3,000 in the usual one: paged, and chosen by box, time and attributes by the
 * service, as its log shows.
 */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { countFrom, freshDatabase } from "../harness/index.ts";
import { type SpawnedService, spawnService } from "../harness/process.ts";

const TRIPS = countFrom("TRIPGRID_TEST_GDAL_TRIPS", 3000, 100_000);
const PAGE = TRIPS / 10;
const isHere = (() => {
  try {
    execFileSync("ogrinfo", ["--version"]);
    return true;
  } catch {
    if (process.env.CI) throw new Error("ogrinfo is missing; Debian has it in gdal-bin");
    return false;
  }
})();

describe.runIf(isHere)("GDAL with pages", () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let service: SpawnedService;
  let url: string;
  let sql: Sql;

  beforeAll(async () => {
    database = await freshDatabase();
    service = spawnService(database.env);
    url = await service.listening();
    for (let first = 0; first < TRIPS; first += 10_000) {
      const rows = Array.from({ length: Math.min(10_000, TRIPS - first) }, (_, at) => {
        const i = first + at;
        const day = String(1 + (i % 28)).padStart(2, "0");
        const lon = (7.5 + ((i * 37) % 1000) / 5000).toFixed(4);
        return `g${i},${i % 3 ? "odd" : "even"},2018-05-${day}T08:00:00Z,${lon},${(45 + (i % 100) / 1000).toFixed(3)},${i % 900}`;
      });
      const head = "trip_id,source,started_at,origin_lon,origin_lat,distance_m";
      const reply = await fetch(`${url}/v1/trips`, {
        ...{ method: "POST", headers: { "content-type": "text/csv" }, body: [head, ...rows, ""].join("\n") },
      });
      expect([reply.status, await reply.json()]).toMatchObject([200, { rejected: 0 }]);
    }
    sql = createClient({ url: database.env.DATABASE_URL ?? "" }, { max: 1 });
  }, 300_000);
  afterAll(async () => {
    await sql?.end({ timeout: 5 });
    service?.kill("SIGTERM");
    await service?.exited;
    await database?.drop();
  });

  /** The trips that GDAL gives for a choice, and how many pages of items the service's log has of it. */
  async function read(...choice: string[]): Promise<{ trips: string[]; pages: number }> {
    const asked = (address: string) =>
      service.log().filter(({ route, msg }: Record<string, unknown>) => msg === "request" && route === address).length;
    const pagesSoFar = async () => {
      // What was logged before this request has come once its line has.
      const marks = asked("/v1/regions");
      await (await fetch(`${url}/v1/regions`)).text();
      await expect.poll(() => asked("/v1/regions")).toBeGreaterThan(marks);
      return asked("/ogc/collections/trips/items");
    };
    const before = await pagesSoFar();
    const args = ["-f", "CSV", "/vsistdout/", `OAPIF:${url}/ogc`, "trips", "-select", "trip_id,source", ...choice];
    const { stdout } = await promisify(execFile)("ogr2ogr", [...args, "-oo", `PAGE_SIZE=${PAGE}`], {
      maxBuffer: 1e9,
    });
    const trips = stdout.split("\n").slice(1).filter(Boolean).sort();
    return { trips, pages: (await pagesSoFar()) - before };
  }
  async function chosen(where: string): Promise<string[]> {
    const rows = await sql.unsafe(`select trip_id || ',' || source as line from tripgrid.trips where ${where}`);
    return rows.map(({ line }) => line).sort();
  }

  it.each([
    ["all trips", [], "true"],
    [
      "a box",
      ["-spat", "7.55", "45.02", "7.6", "45.06"],
      "st_intersects(origin, st_makeenvelope(7.55, 45.02, 7.6, 45.06, 4326))",
    ],
    [
      "a time",
      ["-where", "started_at >= '2018/05/20 00:00:00' AND started_at < '2018/05/23 00:00:00'"],
      "started_at >= '2018-05-20Z' and started_at < '2018-05-23Z'",
    ],
    [
      "attributes",
      ["-where", "source = 'even' AND distance_m > 450 AND trip_id LIKE 'g1%'"],
      "source = 'even' and distance_m > 450 and trip_id like 'g1%'",
    ],
    [
      "all of these",
      ["-spat", "7.5", "45", "7.6", "45.09", "-where", "source = 'odd' AND started_at > '2018/05/25 00:00:00'"],
      "st_intersects(origin, st_makeenvelope(7.5, 45, 7.6, 45.09, 4326)) and source = 'odd' and started_at > '2018-05-25Z'",
    ],
  ] as const)(
    "reads %s: the trips that SQL gives, in no more pages than these take",
    { timeout: 300_000 },
    async (_, choice, where) => {
      const expected = await chosen(where);
      expect(expected.length).toBeGreaterThan(TRIPS / 1000);
      const { trips, pages } = await read(...choice);
      expect(trips).toEqual(expected);
      // Beside the pages GDAL asks for one feature or two, to learn the types.
      const needed = Math.ceil(expected.length / PAGE);
      expect(pages).toBeGreaterThanOrEqual(needed);
      expect(pages).toBeLessThanOrEqual(needed + 3);
    },
  );
});
