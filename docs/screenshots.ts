import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newPage, startBrowser } from "../test/harness/browser.ts";

/**
 * Takes the pictures of docs/ from a running service with the demo's trips: npm run screenshots -- http://127.0.0.1:8080
 * With a folder behind it, also pictures in both themes and both widths, to be looked at.
 */
const [url = "http://127.0.0.1:8080", folder] = process.argv.slice(2);
const HASH =
  "#area=shape:7.63,45.04,7.69,45.03,7.72,45.07,7.69,45.1,7.65,45.09,7.63,45.04&hours=7-9,16-19&map=11.4/45.062/7.667";

/** A view of the explorer: its name, its address, and how it is looked at. */
const VIEWS = [
  { name: "explorer", hash: HASH, theme: "light", width: 1280, height: 800 },
  { name: "explorer-dark", hash: HASH, theme: "dark", width: 1280, height: 800 },
  { name: "regions", hash: "#show=regions&map=4.2/40/30", theme: "light", width: 1280, height: 800 },
  { name: "flows", hash: "#show=clusters&map=10.8/45.062/7.667", theme: "dark", width: 1280, height: 800 },
  {
    name: "hotspots",
    hash: "#area=boundary:Turin&show=hotspots&map=11.4/45.062/7.667",
    theme: "light",
    width: 1280,
    height: 800,
  },
  { name: "phone", hash: "", theme: "light", width: 390, height: 844 },
  { name: "phone-dark", hash: HASH, theme: "dark", width: 390, height: 844 },
] as const;

const browser = await startBrowser();
try {
  for (const { name, hash, ...options } of folder === undefined ? VIEWS.slice(0, 1) : VIEWS) {
    const { page, faults } = await newPage(browser, options);
    await page.goto(`${url}/${hash}`);
    await page.waitForSelector('#answer[aria-busy="false"][data-method="exact"]');
    await page.waitForSelector('.regions[aria-busy="false"]');
    await page.waitForSelector('.legend[aria-busy="false"]');
    await page.waitForNetworkIdle({ concurrency: 1, idleTime: 1500 });
    const picture = await page.screenshot({ type: "png" });
    const target = folder ?? join(import.meta.dirname);
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, `${name}.png`), picture);
    process.stdout.write(`${name}.png: ${picture.length} bytes${faults.length > 0 ? `; ${faults.join("; ")}` : ""}\n`);
    await page.close();
  }
} finally {
  await browser.close();
}
