import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { average, count, trips as tripsText } from "../../web/src/format.ts";
import { fromHash } from "../../web/src/state.ts";
import { call, callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { type PageOptions, startBrowser } from "../harness/browser.ts";
import { lacksChromium } from "../harness/find-programs.ts";
import { isFull, itInFull, useService } from "../harness/index.ts";
import { between } from "./between.ts";
import { drop, type Explorer, openExplorer, pageOfTest, settled } from "./page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const ASSETS = join(import.meta.dirname, "../../dist/web/assets");

const service = useService();
let browser: Browser;

/** Trips of ten weeks around Turin, at all hours, from two sources, with ends a few kilometres away. */
const trips = Array.from({ length: 1200 }, (_, i) =>
  trip({
    trip_id: `t${i}`,
    source: i % 3 === 0 ? "xrides" : "baba_car",
    region: "Turin",
    started_at: new Date(Date.UTC(2018, 4, 7 + ((i * 7) % 70), i % 24, i % 60)).toISOString().slice(0, 19),
    origin: [7.6 + ((i * 37) % 160) / 1000, 45.0 + ((i * 53) % 130) / 1000],
    destination: [7.6 + ((i * 91) % 160) / 1000, 45.0 + ((i * 29) % 130) / 1000],
  }),
);

beforeAll(async () => {
  await sendNew(service, trips);
  const regions = { Turin: corners(7.6, 45, 7.75, 45.12), Moncalieri: corners(7.66, 44.96, 7.72, 45.02) };
  for (const [name, ring] of Object.entries(regions)) {
    await callJson(service, "PUT", `/v1/regions/${name}`, { boundary: polygon(ring) });
  }
  if (lacksChromium() === undefined) browser = await startBrowser();
});
afterAll(() => browser?.close());

const ask = async (question: string) => (await call<WeeklyAnswer>(service, `/v1/weekly-averages?${question}`)).body;
const shown = ({ average: mean, trips: all }: WeeklyAnswer) => ({
  average: average(mean),
  trips: tripsText(all),
});

async function open(hash = "", options: PageOptions = {}): Promise<Explorer & { faults: string[] }> {
  const { page, faults } = await pageOfTest(browser, options);
  return { ...(await openExplorer(page, `${service.url}/${hash}`)), faults };
}

describe("the address /", () => {
  const get = (headers: Record<string, string>) => fetch(`${service.url}/`, { headers });

  it("gives browsers the page, with a policy that allows nothing from elsewhere, and programs its links", async () => {
    const page = await get({ accept: "text/html,*/*" });
    expect(await page.text()).toMatch(/^<!doctype html>/i);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(await (await get({ accept: "*/*" })).json()).toMatchObject({ name: "Tripgrid", links: { docs: "/docs" } });
  });

  it("sends the page once, and what it loads for good and packed", async () => {
    const page = await get({ accept: "text/html" });
    const etag = page.headers.get("etag") ?? "";
    expect((await get({ accept: "text/html", "if-none-match": etag })).status).toBe(304);
    const [script = ""] = /assets\/[\w.-]+\.js/.exec(await page.text()) ?? [];
    for (const encoding of ["br", "gzip", "identity"]) {
      const asset = await fetch(`${service.url}/${script}`, { headers: { "accept-encoding": encoding } });
      expect(asset.headers.get("content-encoding") ?? "identity").toBe(encoding);
      expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(await asset.text()).toContain("Tripgrid");
    }
  });

  it("has no file that was not built", async () => {
    expect((await call(service, "/assets/..%2findex.html")).status).toBe(404);
    expect((await call(service, "/assets/nothing.js")).body.code).toBe("not_found");
  });
});

describe.skipIf(lacksChromium())("the page", () => {
  it("shows the average of all trips, and a first view of less than 700 kB from this service alone", async () => {
    const { page, faults } = await pageOfTest(browser);
    const session = await page.createCDPSession();
    await session.send("Network.enable");
    let bytes = 0;
    session.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    const explorer = await openExplorer(page, `${service.url}/`);
    expect(await explorer.figure()).toEqual(shown(await ask("")));
    await settled(page);
    await page.waitForNetworkIdle({ concurrency: 2 });
    // What a worker loads is no part of the page's session.
    const [worker = ""] = readdirSync(ASSETS).filter((name) => /^maplibre-gl-worker-.*\.br$/.test(name));
    bytes += statSync(join(ASSETS, worker)).size;
    expect(bytes).toBeGreaterThan(500_000);
    expect(bytes).toBeLessThan(700_000);
    const elsewhere = explorer
      .asked()
      .filter((address) => !address.startsWith(service.url) && !/^(data|blob):/.test(address));
    expect(elsewhere).toEqual([]);
    expect(faults).toEqual([]);
  });

  it("gives for a polygon drawn with the mouse the figure that the API gives for its coordinates", async () => {
    const explorer = await open();
    await explorer.figure();
    await settled(explorer.page);
    await explorer.press("Polygon");
    const points = [
      [-120, -90],
      [130, -110],
      [160, 120],
      [-60, 140],
      [-120, -90],
    ] as const;
    for (const [dx, dy] of points) {
      const { x, y } = await explorer.at(dx, dy);
      await explorer.page.mouse.move(x, y, { steps: 3 });
      await explorer.page.mouse.click(x, y);
    }
    await explorer.page.waitForFunction(() => location.hash.includes("area=shape"));
    const area = explorer.area();
    if (area?.kind !== "shape") throw new Error("No polygon was drawn.");
    expect(area.shape.coordinates[0]).toHaveLength(points.length);
    const { body } = await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area: area.shape });
    expect(body.trips).toBeGreaterThan(50);
    expect(body.trips).toBeLessThan(trips.length);
    expect(await explorer.figure()).toEqual(shown(body));
    expect(explorer.faults).toEqual([]);
  });

  itInFull("draws boxes and circles too, and takes the boundary of a region from the table", async () => {
    const explorer = await open();
    await explorer.figure();
    await settled(explorer.page);
    for (const [tool, kind] of [
      ["Box", "bbox"],
      ["Circle", "circle"],
    ] as const) {
      await explorer.press(tool);
      const [from, to] = [await explorer.at(-60, -60), await explorer.at(90, 70)];
      await explorer.page.mouse.click(from.x, from.y);
      await explorer.page.mouse.move(to.x, to.y, { steps: 4 });
      await explorer.page.mouse.click(to.x, to.y);
      await explorer.page.waitForFunction((text) => location.hash.includes(`area=${text}`), {}, kind);
      const area = explorer.area();
      const question =
        area?.kind === "bbox"
          ? `bbox=${area.bbox}`
          : area?.kind === "circle"
            ? `circle=${[...area.center, area.radiusM]}`
            : "nothing";
      const answer = await ask(question);
      expect(answer.trips).toBeGreaterThan(0);
      expect(await explorer.figure()).toEqual(shown(answer));
    }
    await explorer.press("Moncalieri");
    await explorer.page.waitForFunction(() => location.hash.includes("Moncalieri"));
    expect(await explorer.figure()).toEqual(shown(await ask("boundary=Moncalieri")));
  });

  itInFull(
    "draws a polygon by the keyboard alone: arrows move the map, Space sets a corner, Enter finishes",
    async () => {
      const explorer = await open("#map=11/45.06/7.68");
      await explorer.figure();
      await settled(explorer.page);
      const { keyboard } = explorer.page;
      await explorer.page.focus('button[data-tool="polygon"]');
      await keyboard.press("Enter");
      await explorer.page.waitForSelector(".crosshair", { visible: true });
      for (const keys of [[], ["ArrowRight", "ArrowRight"], ["ArrowDown"], ["ArrowLeft", "ArrowLeft"]] as const) {
        for (const key of keys) {
          const before = await explorer.page.evaluate(() => location.hash);
          await keyboard.press(key);
          // The address is written once the map moves no more.
          await explorer.page.waitForFunction((old) => location.hash !== old, {}, before);
        }
        await keyboard.press("Space");
      }
      await keyboard.press("Enter");
      await explorer.page.waitForFunction(() => location.hash.includes("area=shape"));
      const area = explorer.area();
      if (area?.kind !== "shape") throw new Error("No polygon was drawn.");
      const { body } = await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area: area.shape });
      expect(body.trips).toBeGreaterThan(0);
      expect(await explorer.figure()).toEqual(shown(body));
      expect(explorer.faults).toEqual([]);
    },
  );

  it("lets each filter change the map, the bars and the table alike", async () => {
    const explorer = await open("#map=11/45.06/7.68");
    await explorer.figure();
    await settled(explorer.page);
    const filters: [name: string, parameter: string, set: () => Promise<unknown>][] = [
      ["hours", "hours=8", () => explorer.press("8:00 to 8:59")],
      ["days", "days=tue", () => explorer.press("Tue")],
      ["match", "match=both", () => explorer.press("Both")],
      ["source", "source=xrides", () => explorer.page.select("#source", "xrides")],
      ["from", "from=2018-05-21", () => fillDate(explorer, "from", "2018-05-21")],
    ];
    for (const [, parameter, set] of isFull(process.env) ? filters : filters.slice(0, 2)) {
      explorer.asked();
      const asked: string[] = [];
      const wants = (path: string) => () => {
        asked.push(...explorer.asked());
        return asked.some((address) => address.includes(path) && address.includes(parameter));
      };
      await set();
      await expect.poll(wants("/tiles/cells/"), { timeout: 120_000 }).toBe(true);
      await expect.poll(wants("/v1/weekly-averages?"), { timeout: 120_000 }).toBe(true);
      await expect.poll(wants("/v1/weekly-averages/by-area?"), { timeout: 120_000 }).toBe(true);
      const { figure, rows } = await expected(parameter);
      expect(await explorer.figure()).toEqual(figure);
      expect(await explorer.table()).toEqual(rows);
      await explorer.press("Reset");
    }
    expect(explorer.faults).toEqual([]);
  });

  it("restores what it showed after a reload, and by back and forward", async () => {
    const explorer = await open("#area=boundary:Turin&hours=7-9&days=mon-fri&map=10.5/45.05/7.65&show=regions");
    const first = await explorer.figure();
    expect(first).toEqual(shown(await ask("boundary=Turin&hours=7-9&days=mon-fri")));
    await explorer.press("Cells");
    await explorer.press("All trips");
    const second = await explorer.figure();
    await explorer.page.reload();
    expect(await explorer.figure()).toEqual(second);
    expect(new URL(explorer.page.url()).hash).toBe("#hours=7-9&days=mon-fri&map=10.50/45.05000/7.65000");
    await explorer.page.goBack();
    await explorer.page.waitForFunction(() => location.hash.includes("boundary"));
    await explorer.page.goBack();
    await explorer.page.waitForFunction(() => location.hash.includes("regions"));
    expect(await explorer.figure()).toEqual(first);
  });

  it("imports a file that is dropped on it, after a trial, and counts its trips; GeoJSON becomes the area", async () => {
    const explorer = await open("#map=11/45.06/7.68");
    const before = await ask("");
    await explorer.figure();
    const rows = Array.from({ length: 40 }, (_, i) => `w${i},dropped,2018-05-2${i % 9}T10:00:00,7.67,45.06`);
    await drop(explorer.page, "dropped.csv", ["trip_id,source,started_at,origin_lon,origin_lat", ...rows].join("\n"));
    await explorer.page.waitForFunction(() => document.querySelector(".tried")?.textContent?.includes("Trips40"));
    expect((await ask("")).trips).toBe(before.trips);
    await explorer.press("Import");
    await explorer.page.waitForSelector('.batches [data-state="committed"]');
    await explorer.page.waitForFunction(
      (wanted) => document.getElementById("trips")?.textContent === wanted,
      {},
      `${count((before.trips ?? 0) + 40)} trips`,
    );
    await drop(explorer.page, "nobodys.csv", "started_at,origin_lon,origin_lat\n2018-05-21T10:00:00,7.67,45.06\n");
    await explorer.page.waitForFunction(() => document.querySelector(".tried")?.textContent?.includes("Trips1"));
    await explorer.page.waitForSelector(".import .primary:disabled");
    await explorer.page.type("#import-source", "somebody");
    await explorer.press("Try");
    await explorer.page.waitForSelector(".import .primary:not(:disabled)");
    await explorer.page.keyboard.press("Escape");
    await drop(
      explorer.page,
      "area.geojson",
      JSON.stringify({ type: "Feature", properties: {}, geometry: polygon(corners(7.66, 45.05, 7.68, 45.07)) }),
    );
    await explorer.page.waitForFunction(() => location.hash.includes("area=shape"));
    expect(await explorer.figure()).toEqual(shown(await ask("bbox=7.66,45.05,7.68,45.07")));
    expect(explorer.faults).toEqual([]);
  });

  itInFull("chooses weeks by a drag over the bars, and all of them by a double click", async () => {
    const explorer = await open("#map=11/45.06/7.68");
    const whole = await explorer.figure();
    const bars = await (await explorer.page.waitForSelector(".u-over"))?.boundingBox();
    if (!bars) throw new Error("There are no bars.");
    const at = (share: number) => [bars.x + bars.width * share, bars.y + bars.height / 2] as const;
    await explorer.page.mouse.move(...at(0.25));
    await explorer.page.mouse.down();
    await explorer.page.mouse.move(...at(0.6), { steps: 5 });
    await explorer.page.mouse.up();
    await explorer.page.waitForFunction(() => /from=.*&to=/.test(location.hash));
    const { from, to } = fromHash(new URL(explorer.page.url()).hash).filters;
    const chosen = await explorer.figure();
    expect(chosen).toEqual(shown(await ask(`from=${from}&to=${to}`)));
    expect(chosen.trips).not.toBe(whole.trips);
    await explorer.page.mouse.click(...at(0.5), { count: 2 });
    await explorer.page.waitForFunction(() => !location.hash.includes("from="));
    expect(await explorer.figure()).toEqual(whole);
  });

  it("shows alerts as they happen, and undoes a batch when it is asked twice", async () => {
    const explorer = await open("#map=11/45.06/7.68");
    const before = await explorer.figure();
    const rule = { on: "trips", where: { source: "watched" } };
    expect((await callJson(service, "PUT", "/v1/alert-rules/watched", rule)).status).toBe(201);
    await explorer.page.waitForSelector('.live-state[data-state="live"]');
    await sendNew(service, [trip({ source: "watched", trip_id: "w1" })]);
    await explorer.page.waitForSelector(".alerts:not([hidden]) li");
    expect(await explorer.page.$eval(".alerts li", (one) => one.textContent)).toContain("Trip w1 of watched");
    const wanted = (text: string) =>
      explorer.page.waitForFunction((all) => document.getElementById("trips")?.textContent === all, {}, text);
    await explorer.page.waitForFunction(
      (old) => document.getElementById("trips")?.textContent !== old,
      {},
      before.trips,
    );
    await explorer.press("Undo");
    await explorer.press("Take back 1 trips");
    await wanted(before.trips);
    await explorer.page.waitForSelector('.batches [data-state="undone"]');
  });

  itInFull("saves the cells in view as GeoParquet", async () => {
    const explorer = await open("#hours=7-9&map=11/45.06/7.68");
    await explorer.figure();
    await settled(explorer.page);
    const reply = explorer.page.waitForResponse((one) => one.url().includes("/v1/export/cells?"));
    await explorer.page.click(".answer .menu summary");
    await explorer.press("Save cells as GeoParquet");
    expect((await reply).status()).toBe(200);
    expect((await reply).url()).toMatch(/bbox=.*&precision=6&hours=7-9&format=geoparquet/);
  });

  itInFull("draws flows with the library that is loaded for them", async () => {
    const explorer = await open("#map=11/45.06/7.68");
    await explorer.figure();
    expect(explorer.asked().some((address) => address.includes("/assets/flows"))).toBe(false);
    await explorer.press("Flows");
    await explorer.page.waitForSelector(
      ".map canvas.deck-canvas, .map #deckgl-overlay, .map canvas:not(.maplibregl-canvas)",
    );
    await explorer.page.waitForNetworkIdle({ concurrency: 2 });
    const asked = explorer.asked();
    expect(asked.some((address) => address.includes("/assets/flows"))).toBe(true);
    expect(asked.some((address) => address.includes("/v1/clusters?"))).toBe(true);
    expect(explorer.faults).toEqual([]);
  });

  const LOOKS = [
    ["light", 1280, 800],
    ["dark", 390, 844],
    ["dark", 1280, 800],
    ["light", 390, 844],
  ] as const;
  it.each(LOOKS.slice(0, isFull(process.env) ? 4 : 2))(
    "has no serious finding of axe: %s, %i pixels wide",
    async (theme, width, height) => {
      const explorer = await open("#area=boundary:Turin&map=10.5/45.05/7.65", { theme, width, height });
      await explorer.figure();
      await settled(explorer.page);
      await explorer.page.evaluate(AXE);
      const found = await explorer.page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
        return (await axe.run()).violations.map(({ id, impact, nodes }) => ({
          id,
          impact,
          nodes: nodes.map(({ html }) => html),
        }));
      });
      expect(found.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
      const isWider = await explorer.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(isWider).toBe(false);
    },
  );

  describe("behind a server that holds up tiles", () => {
    let way: Awaited<ReturnType<typeof between>>;
    beforeAll(async () => {
      way = await between(service.url);
    });
    afterAll(() => way.close());

    const openBehind = async (hash: string) => {
      way.tiles("pass");
      const { page } = await pageOfTest(browser);
      await openExplorer(page, `${way.url}/${hash}`);
      await settled(page);
      return page;
    };

    itInFull(
      "says why cells do not come, is not busy meanwhile, and asks again where the service is too busy",
      async () => {
        const page = await openBehind("#map=11/45.05/7.65");
        way.tiles("refuse");
        await page.select("#source", "xrides");
        const isTold = () => /503/.test(document.querySelector('.legend[aria-busy="false"]')?.textContent ?? "");
        await page.waitForFunction(isTold);
        way.tiles("pass");
        await page.waitForFunction(() => /a week/.test(document.querySelector(".legend")?.textContent ?? ""));
        await settled(page);
      },
    );

    itInFull("parts the classes again when trips come in, also where the tiles in view come unchanged", async () => {
      const page = await openBehind("#hours=7&days=mon&map=11/45.05/7.65");
      // The tiles come last, so that nothing else has the map drawn.
      way.tiles("late");
      const isAsked = page.waitForSelector('.legend[aria-busy="true"]');
      await sendNew(service, [trip({ trip_id: "late", started_at: "2018-05-21T07:30:00", origin: [2.3, 48.8] })]);
      await isAsked;
      // Other tiles are asked for before these have come.
      for (const source of ["xrides", ""]) {
        await page.select("#source", source);
        await page.waitForNetworkIdle({ idleTime: 500, concurrency: 100 });
      }
      await settled(page);
    });
  });
});

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

async function fillDate({ page }: Explorer, id: string, value: string): Promise<void> {
  await page.$eval(
    `#${id}`,
    (input, text) => {
      (input as HTMLInputElement).value = text;
      input.dispatchEvent(new Event("change"));
    },
    value,
  );
}

/** The figure and the table that the API gives for a filter. */
async function expected(parameter: string) {
  const { body } = await callJson<{ areas: { name: string; average: number | null; trips: number | null }[] }>(
    service,
    "POST",
    `/v1/weekly-averages/by-area?boundaries=*&${parameter}`,
    {},
  );
  const rows = body.areas
    .sort((a, b) => (b.average ?? -1) - (a.average ?? -1))
    .map((one) => [one.name, average(one.average), count(one.trips)]);
  return { figure: shown(await ask(parameter)), rows };
}
