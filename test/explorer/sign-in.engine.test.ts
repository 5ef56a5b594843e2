import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { call, callJson, sendNew, trip } from "../harness/api.ts";
import { startBrowser } from "../harness/browser.ts";
import { lacksChromium } from "../harness/find-programs.ts";
import { useService } from "../harness/index.ts";
import { openExplorer, pageOfTest } from "./page.ts";

const trips = Array.from({ length: 50 }, (_, i) => trip({ trip_id: `t${i}` }));

describe.skipIf(lacksChromium())("where a credential is asked for", () => {
  const guarded = useService();
  let browser: Browser;
  let key: string;

  beforeAll(async () => {
    browser = await startBrowser();
    await sendNew(guarded, trips);
    const user = { username: "ada", password: "correct horse battery", scopes: ["read", "ingest"] };
    expect((await callJson(guarded, "POST", "/v1/users", user)).status).toBe(201);
    const { ownKey } = guarded;
    const reply = await fetch(`${guarded.url}/v1/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${ownKey}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "map", scopes: ["read"] }),
    });
    key = ((await reply.json()) as { key: string }).key;
    // The process learns within two seconds that there is a user.
    await vi.waitFor(async () => expect((await call(guarded, "/v1/weekly-averages")).status).toBe(401), 60_000);
  });

  afterAll(() => browser?.close());

  it("asks for a key, keeps it in this tab and out of the address, and forgets it by signing out", async () => {
    const { page } = await pageOfTest(browser);
    const explorer = await openExplorer(page, `${guarded.url}/`);
    await page.waitForSelector("dialog.sign-in[open]");
    await page.type("#key", `${key}x`);
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog.sign-in .error:not([hidden])");
    await page.$eval("#key", (input) => {
      (input as HTMLInputElement).value = "";
    });
    await page.type("#key", key);
    await page.keyboard.press("Enter");
    expect((await explorer.figure()).trips).toBe("50 trips");
    await page.reload();
    expect((await explorer.figure()).trips).toBe("50 trips");
    expect(explorer.asked().filter((address) => address.includes(key))).toEqual([]);
    expect(page.url()).not.toContain(key);
    await explorer.press("Sign out");
    await page.waitForSelector("dialog.sign-in[open]");
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  it("takes a user's name and password, and renews the token", async () => {
    const { page } = await pageOfTest(browser);
    const explorer = await openExplorer(page, `${guarded.url}/`);
    await page.waitForSelector("dialog.sign-in[open]");
    await page.type("#username", "ada");
    await page.type("#password", "correct horse battery");
    await page.keyboard.press("Enter");
    expect((await explorer.figure()).trips).toBe("50 trips");
    await page.evaluate(() => {
      const session = JSON.parse(sessionStorage.getItem("tripgrid.session") ?? "{}");
      sessionStorage.setItem("tripgrid.session", JSON.stringify({ ...session, accessToken: "expired" }));
    });
    await page.reload();
    expect((await explorer.figure()).trips).toBe("50 trips");
  });
});
