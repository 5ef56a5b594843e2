import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser, Page } from "puppeteer-core";
import { newPage, startBrowser } from "../../test/harness/browser.ts";
import { openAreaDatabase } from "../areas/area-database.ts";
import { fill } from "../areas/area-fill.ts";
import { PLACES } from "../areas/area-places.ts";
import { digits, median, quantile } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { startBenchService } from "../lib/service.ts";
import { openTarget } from "../lib/target.ts";

/** Corners of polygons as a person clicks them, in shares of the way to the edge of the map. */
const SHAPES = [
  [
    [-0.5, -0.4],
    [0.45, -0.5],
    [0.55, 0.4],
    [-0.3, 0.5],
  ],
  [
    [-0.2, -0.25],
    [0.22, -0.15],
    [0.15, 0.2],
    [-0.1, 0.3],
    [-0.25, 0.1],
  ],
  [
    [-0.7, -0.2],
    [0, -0.75],
    [0.7, -0.1],
    [0.4, 0.7],
    [-0.5, 0.6],
  ],
] as const;
const ZOOMS = [10.5, 11.5, 12.5];

/**
 * How long after the mouse goes up is the figure of a drawn polygon on the screen, the estimate and the exact one? How
 * long does a first visit take, and how many bytes? The browser draws without a graphics card, on the same machine.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...{ engine: { type: "string" }, trips: { type: "string", default: "1000000" }, regions: { type: "string" } },
      save: { type: "boolean", default: false },
    },
  });
  const trips = Number(values.trips);
  if (!Number.isSafeInteger(trips) || trips < 1000) throw new RangeError("--trips: expected a whole number from 1000");
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const target = await openTarget(values.engine, process.env.DATABASE_URL || undefined);
  let browser: Browser | undefined;
  try {
    if (target.isEmbedded) throw new RangeError("--engine: expected postgres or timescaledb");
    const db = await openAreaDatabase(target);
    const regions = values.regions?.split(",");
    await fill(db, trips, print, true, regions);
    const versions = await versionsOf(db.sql);
    const [stored] = await db.sql<{ count: number }[]>`select count(*) as count from tripgrid.trips`;
    await db.stop();
    browser = await startBrowser();
    const service = await startBenchService(target.env, undefined);
    const demo = await startBenchService({ TRIPGRID_DATA_DIR: join(target.folder, "demo") }, undefined, ["--demo"]);
    try {
      await demoLoaded(demo.url);
      const first = await firstVisits(browser, demo.url);
      print(`first visit, demo: figure ${first.figure_ms} ms, map ${first.map_ms} ms, ${first.first_view_kb} kB`);
      await demo.stop();
      const drawn = await drawnPolygons(browser, service.url, regions);
      print(`drawn polygons: ${JSON.stringify(drawn)}`);
      const result = {
        trips: stored?.count ?? 0,
        ...(regions ? { regions: regions.join(", ") } : {}),
        ...first,
        ...drawn,
      };
      if (values.save) print(`saved: ${saveResult(`explorer-${values.engine ?? "given"}-${trips}`, versions, result)}`);
    } finally {
      await service.stop();
    }
  } finally {
    await browser?.close();
    target.stop();
  }
}

/** The median of some visits by browsers that know nothing of the page. */
async function firstVisits(browser: Browser, url: string) {
  const figures: number[] = [];
  const maps: number[] = [];
  let bytes = 0;
  for (let i = 0; i < 5; i++) {
    const { page } = await newPage(browser);
    const session = await page.createCDPSession();
    await session.send("Network.enable");
    bytes = workerBytes();
    session.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    const started = performance.now();
    await page.goto(url, { waitUntil: "domcontentloaded" });
    const figure = page.waitForSelector('#answer[aria-busy="false"][data-method="exact"]').then(() => {
      figures.push(performance.now() - started);
    });
    const map = page.waitForSelector('.legend[aria-busy="false"]').then(() => {
      maps.push(performance.now() - started);
    });
    await Promise.all([figure, map]);
    await page.waitForNetworkIdle({ concurrency: 2 });
    await page.browserContext().close();
  }
  return {
    figure_ms: digits(median(figures), 3),
    map_ms: digits(median(maps), 3),
    first_view_kb: Math.round(bytes / 1000),
  };
}

/** Waits until the sample is there and the rollups have taken it up. */
async function demoLoaded(url: string): Promise<void> {
  for (let trips = -1; ; ) {
    const { trips: now } = (await (await fetch(`${url}/v1/weekly-averages`)).json()) as { trips: number };
    const rollups = await (await fetch(`${url}/v1/rollups`)).text();
    if (now > 0 && now === trips && /"weeks_behind":0\b/.test(rollups)) return;
    trips = now;
    await setTimeout(2000);
  }
}

/** What a worker loads is no part of the page's session. */
function workerBytes(): number {
  const assets = join(import.meta.dirname, "../../dist/web/assets");
  const [worker = ""] = readdirSync(assets).filter((name) => /^maplibre-gl-worker-.*\.br$/.test(name));
  return statSync(join(assets, worker)).size;
}

async function drawnPolygons(browser: Browser, url: string, regions: readonly string[] | undefined) {
  const estimates: number[] = [];
  const exact: number[] = [];
  for (const [name, lon, lat] of PLACES) {
    if (regions && !regions.includes(name)) continue;
    for (const zoom of ZOOMS) {
      const { page } = await newPage(browser);
      await page.goto(`${url}/#map=${zoom}/${lat}/${lon}`);
      await page.waitForSelector('#answer[aria-busy="false"][data-method="exact"]');
      await page.waitForSelector('.legend[aria-busy="false"]');
      await page.waitForNetworkIdle({ concurrency: 2 });
      for (const shape of SHAPES) {
        const times = await drawOne(page, shape);
        estimates.push(times.estimate);
        exact.push(times.exact);
        // What the map draws anew is not part of the next one.
        await page.waitForNetworkIdle({ concurrency: 2 });
      }
      await page.browserContext().close();
    }
  }
  const shares = (name: string, times: number[]) => {
    const sorted = times.sort((a, b) => a - b);
    const [half, most] = [0.5, 0.95].map((share) => Math.round(quantile(sorted, share)));
    return { [`${name}_p50_ms`]: half, [`${name}_p95_ms`]: most, [`${name}_max_ms`]: Math.round(sorted.at(-1) ?? 0) };
  };
  return { polygons: exact.length, ...shares("estimate", estimates), ...shares("exact", exact) };
}

/** Runs in the page, whose globals the types of a bench lack. A time is that after the frame that shows the figure. */
const WATCH = `{
  const times = {};
  const section = document.getElementById("answer");
  const before = location.hash;
  addEventListener("pointerup", () => { times.up = performance.now(); }, { capture: true });
  const mark = (name) => requestAnimationFrame(() => setTimeout(() => { times[name] ??= performance.now(); }));
  new MutationObserver(() => {
    if (location.hash === before) return;
    const about = section.querySelector(".about")?.textContent ?? "";
    const isExact = section.dataset.method === "exact";
    const isEstimate = section.getAttribute("aria-busy") === "true" && about.includes("(estimate");
    if (isEstimate || isExact) mark("estimate");
    if (isExact) mark("exact");
  }).observe(section, { subtree: true, childList: true, attributes: true });
  window.drawnTimes = times;
}`;

/** Draws a polygon with the mouse. Times run from the last pointerup to the frame that shows a figure. */
async function drawOne(page: Page, shape: readonly (readonly [number, number])[]) {
  await page.click('button[data-tool="polygon"]');
  const box = await (await page.waitForSelector(".maplibregl-canvas"))?.boundingBox();
  if (!box) throw new Error("There is no map.");
  await page.evaluate(WATCH);
  for (const [dx, dy] of [...shape, ...shape.slice(0, 1)]) {
    const [x, y] = [box.x + (box.width / 2) * (1 + dx), box.y + (box.height / 2) * (1 + dy)];
    await page.mouse.move(x, y, { steps: 3 });
    await page.mouse.click(x, y);
  }
  const handle = await page.waitForFunction("drawnTimes.exact === undefined ? undefined : drawnTimes");
  const { up, estimate, exact } = (await handle.jsonValue()) as { up: number; estimate: number; exact: number };
  return { estimate: estimate - up, exact: exact - up };
}
