import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();
const isHere = (() => {
  try {
    execFileSync("ogrinfo", ["--version"]);
    return true;
  } catch {
    if (process.env.CI) throw new Error("ogrinfo is missing; Debian has it in gdal-bin");
    process.stdout.write("GDAL: skipped, ogrinfo is not installed\n");
    return false;
  }
})();

/** Runs a program of GDAL on a collection. Gives the features that it printed and the addresses that it asked for. */
async function ogrinfo(...args: string[]) {
  const all = ["-q", `OAPIF:${service.url}/ogc`, ...args, "-oo", "PAGE_SIZE=50", "--config", "CPL_DEBUG", "HTTP"];
  const { stdout, stderr } = await promisify(execFile)("ogrinfo", all, { maxBuffer: 1e8 });
  const ids = [...stdout.matchAll(/trip_id \(String\) = (\S+)/g)].map(([, id]) => id ?? "").sort();
  return {
    ids,
    stdout,
    asked: [...stderr.matchAll(/Fetch\((\S+)\)/g)].map(([, url]) => decodeURIComponent(url ?? "")),
  };
}

const made = Array.from({ length: 230 }, (_, i) =>
  trip({
    ...{ source: i % 2 ? "odd" : "even", trip_id: `g${i}`, origin: [7.5 + (i % 10) * 0.02, 45] },
    started_at: `2018-05-${String(1 + (i % 28)).padStart(2, "0")}T08:00:00Z`,
  }),
);
const idsOf = (those: typeof made) => those.map(({ trip_id }) => String(trip_id)).sort();

describe.runIf(isHere)("GDAL", () => {
  beforeAll(async () => {
    await sendNew(service, made);
    await refreshRollups(service.sql, service.prepared.engine);
    await refreshTotals(service.sql, service.prepared.engine, true);
  });

  it("reads every trip, page by page", async () => {
    const { ids, asked } = await ogrinfo("trips");
    expect(ids).toEqual(idsOf(made));
    expect(asked.filter((url) => url.includes("cursor=")).length).toBeGreaterThanOrEqual(4);
  });

  it("leaves the choice by attributes to the service", async () => {
    const { ids, asked } = await ogrinfo("trips", "-where", "source = 'odd' AND trip_id LIKE 'g1%'");
    expect(ids).toEqual(
      idsOf(made.filter(({ source, trip_id }) => source === "odd" && String(trip_id).startsWith("g1"))),
    );
    expect(asked.some((url) => url.includes("filter=") && url.includes("source = 'odd'"))).toBe(true);
  });

  it("leaves the choice by time to the service", async () => {
    const { ids, asked } = await ogrinfo("trips", "-where", "started_at > '2018/05/20 00:00:00'");
    expect(ids).toEqual(idsOf(made.filter(({ started_at }) => String(started_at) > "2018-05-20")));
    expect(asked.some((url) => url.includes("2018-05-20T00:00:00Z"))).toBe(true);
  });

  it("leaves the choice by box to the service", async () => {
    const { ids, asked } = await ogrinfo("trips", "-spat", "7.49", "44", "7.55", "46");
    expect(ids).toEqual(idsOf(made.filter(({ origin }) => Number((origin as number[])[0]) < 7.55)));
    expect(asked.some((url) => url.includes("bbox="))).toBe(true);
  });

  it("knows the geometry and the types of every layer", async () => {
    const { stdout } = await promisify(execFile)("ogrinfo", ["-so", `OAPIF:${service.url}/ogc`, "trips"]);
    expect(stdout).toMatch(/Geometry: Point/);
    expect(stdout).toMatch(/started_at: DateTime/);
    expect(stdout).toMatch(/origin_lon: Real/);
    // Where all trips are, give or take a cell.
    expect(stdout).toMatch(/Extent: \(7\.4\d+, 4[45]\.\d+\) - \(7\.[67]\d+, 45\.0\d+\)/);
  });
});
