import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { browserPath } from "./find-programs.ts";

/**
 * Starts the browser without a window. WebGL is computed by the processor. The browser is the machine's: puppeteer-core
 * unpacks none. Its unpacker `extract-zip` has no version without GHSA-jmr9-qjv8-65gv, so package.json replaces it.
 */
export const startBrowser = (): Promise<Browser> =>
  puppeteer.launch({
    executablePath: browserPath() ?? "",
    protocolTimeout: 300_000,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--enable-unsafe-swiftshader",
      "--enable-features=AllowSwiftShaderFallback,AllowSoftwareGLFallbackDueToCrashes",
    ],
  });

export interface PageOptions {
  width?: number;
  height?: number;
  theme?: "light" | "dark";
  /** Pixels that are drawn for one of the page, in width and height. The map is drawn by the processor. */
  scale?: number;
  /** True: nothing is animated, which spares the processor the frames between. */
  reducedMotion?: boolean;
}

/** A page of its own storage, and what went wrong on it so far: errors, and what its policy refused. */
export async function newPage(browser: Browser, options: PageOptions = {}): Promise<{ page: Page; faults: string[] }> {
  const { width = 1280, height = 800, theme = "light", scale = 1, reducedMotion = false } = options;
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.setViewport({ width, height, deviceScaleFactor: scale, isMobile: width < 600, hasTouch: width < 600 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: theme },
    { name: "prefers-reduced-motion", value: reducedMotion ? "reduce" : "no-preference" },
  ]);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  return { page, faults };
}
