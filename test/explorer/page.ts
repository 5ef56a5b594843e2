import type { Browser, Page } from "puppeteer-core";
import { onTestFinished } from "vitest";
import type { Area } from "../../web/src/area.ts";
import { fromHash } from "../../web/src/state.ts";
import { newPage, type PageOptions } from "../harness/browser.ts";
import { isFull } from "../harness/index.ts";

/** How a page is drawn in the usual run: half the resolution, and nothing moves by itself. The full run draws all. */
const SPARING: PageOptions = isFull(process.env) ? {} : { scale: 0.5, reducedMotion: true };

/** A page that is closed when the test ends: what is left open goes on drawing. */
export async function pageOfTest(browser: Browser, options: PageOptions = {}): ReturnType<typeof newPage> {
  const opened = await newPage(browser, { ...SPARING, ...options });
  onTestFinished(() => opened.page.browserContext().close());
  return opened;
}

/** What a person does on the page of the explorer, and what is to be read there. */
export interface Explorer {
  page: Page;
  /** Waits until the figure is exact and nothing is asked any more; gives it as it is shown. */
  figure(): Promise<{ average: string; trips: string }>;
  /** The rows of the table of regions: name, average, trips. */
  table(): Promise<string[][]>;
  area(): Area | undefined;
  /** Clicks a button by its text or label. */
  press(label: string): Promise<void>;
  /** The middle of the map in pixels of the page, and points beside it. */
  at(dx: number, dy: number): Promise<{ x: number; y: number }>;
  /** The addresses that were asked since the last call. */
  asked(): string[];
}

export async function openExplorer(page: Page, url: string): Promise<Explorer> {
  let addresses: string[] = [];
  page.on("request", (request) => addresses.push(request.url()));
  await page.goto(url);
  return {
    page,
    figure: async () => {
      await page.waitForSelector('#answer[aria-busy="false"][data-method="exact"]');
      await page.waitForSelector('.regions[aria-busy="false"]');
      const [average = "", trips = ""] = await page.$$eval("#average, #trips", (all) =>
        all.map((one) => one.textContent ?? ""),
      );
      return { average, trips };
    },
    table: () =>
      page.$$eval(".regions tbody tr", (rows) =>
        rows.map((row) => [...row.children].map((cell) => cell.textContent ?? "")),
      ),
    area: () => fromHash(new URL(page.url()).hash).area,
    press: async (label) => {
      const quoted = JSON.stringify(label);
      await page.locator(`::-p-xpath(//button[normalize-space()=${quoted} or @aria-label=${quoted}])`).click();
    },
    at: async (dx, dy) => {
      const box = await (await page.waitForSelector(".maplibregl-canvas"))?.boundingBox();
      if (!box) throw new Error("There is no map.");
      return { x: box.x + box.width / 2 + dx, y: box.y + box.height / 2 + dy };
    },
    asked: () => {
      const all = addresses;
      addresses = [];
      return all;
    },
  };
}

/** Waits until the map draws what it has. */
export const settled = (page: Page): Promise<unknown> => page.waitForSelector('.legend[aria-busy="false"]');

/** Drops a file on the page, as a person does from the desktop. */
export const drop = (page: Page, name: string, content: string): Promise<void> =>
  page.evaluate(
    (fileName, text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], fileName));
      for (const type of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    },
    name,
    content,
  );
