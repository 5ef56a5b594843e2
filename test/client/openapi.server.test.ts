import { expect, it } from "vitest";
import type { z } from "zod";
import * as client from "../../client/index.ts";
import type { Receipt, withLinks } from "../../src/batches/receipt.ts";
import { load } from "../../src/cli/load.ts";
import type { Problem } from "../../src/kit/replies.http.ts";
import type { Scope } from "../../src/kit/scope.ts";
import { makeKey } from "../auth/support.ts";
import { call } from "../harness/api.ts";
import { startTestService, useService } from "../harness/index.ts";

// The document is made of these schemas, so this does not compile if the client expects what the document does not have.
const _receipt = (given: ReturnType<typeof withLinks<Receipt>>): client.Receipt => given;
const _problem = (given: z.output<typeof Problem>): client.Problem => given;

const service = useService();

interface Document {
  paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>;
}

it("the client sends only what the OpenAPI document knows, and reads what comes", async () => {
  const { paths } = (await call<Document>(service, "/openapi.json")).body;
  const unknown: string[] = [];
  const checked: typeof fetch = (input, init) => {
    const { pathname, searchParams } = new URL(String(input));
    const path = Object.keys(paths).find((one) => new RegExp(`^${one.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname));
    const described = paths[path ?? ""]?.[(init?.method ?? "GET").toLowerCase()];
    if (!described) unknown.push(`${init?.method} ${pathname}`);
    const names = (where: string) =>
      described?.parameters?.flatMap((one) => (one.in === where ? one.name.toLowerCase() : []));
    for (const name of searchParams.keys()) if (!names("query")?.includes(name)) unknown.push(`?${name}`);
    for (const name of new Headers(init?.headers).keys()) {
      if (!/^(content-type|authorization)$/.test(name) && !names("header")?.includes(name)) unknown.push(name);
    }
    return fetch(input, init);
  };
  const tripgrid = new client.TripgridClient({ url: service.url, fetch: checked });
  const trip = { trip_id: "1", source: "c", started_at: "2018-05-21T08:00:00", origin: [7.67, 45.05] };
  expect(await tripgrid.sendTrips([trip])).toMatchObject({ state: "committed", inserted: 1 });
  const csv = "trip_id,source,started_at,origin_lon,origin_lat\n2,c,2018-05-21T08:00:00,7.67,45.05\n";
  const options = { contentType: "text/csv", mapping: "native", identity: "content", respondAsync: true } as const;
  const queued = await tripgrid.sendTrips(csv, options);
  expect(await tripgrid.waitFor(queued.batch_id)).toMatchObject({ state: "committed", inserted: 1 });
  expect(await tripgrid.batch("00000000-0000-4000-8000-000000000000")).toBeUndefined();
  const question = {
    bbox: "7,45,8,46",
    source: "c",
    from: "2018-05-21",
    to: "2018-05-27",
    match: "origin",
    method: "exact",
  } as const;
  expect(await tripgrid.weeklyAverages({ ...question, hours: "8", days: "mon-fri" })).toMatchObject({
    trips: 2,
    average: 2,
  });
  expect(await tripgrid.countTrips("source", { source: "c" })).toMatchObject({ total: 2 });
  expect(await tripgrid.isReady()).toBe(true);
  await expect(tripgrid.sendTrips([{ ...trip, origin: null }])).rejects.toMatchObject({
    problem: { code: "no_valid_rows" },
  });
  expect(unknown).toEqual([]);
});

it("the load test counts what it was told is stored", async () => {
  const lines: string[] = [];
  const args = ["--url", service.url, "--duration", "3s", "--rate", "600", "--late", "600000"];
  expect(await load(args, (line) => lines.push(line))).toBe(0);
  const said = lines.join("");
  const [, sent] = /rides: (\d+) sent, \1 acknowledged, 0 of them late, 0 failed/.exec(said) ?? [];
  expect(Number(sent)).toBeGreaterThan(0);
  expect(said).toContain(`counted: ${sent} stored, ${sent} acknowledged as new: right`);
  expect(said).toMatch(/questions: (\d+) asked, \1 answered/);
});

it("the load test shows its key, and says what it is missing without one", async () => {
  const own = await startTestService();
  try {
    const scopes: Scope[] = ["ingest", "read"];
    const { key } = await makeKey(own, scopes, { name: "load" });
    const run = async (...more: string[]) => {
      const lines: string[] = [];
      const args = ["--url", own.url, "--duration", "1s", "--rate", "600", "--late", "600000", ...more];
      const status = await load(args, (line) => lines.push(line)).catch((error: Error) => error.message);
      return { status, said: lines.join("") };
    };
    const good = await run("--key", key);
    expect(good.status).toBe(0);
    expect(good.said).toMatch(/rides: (\d+) sent, \1 acknowledged, 0 of them late, 0 failed/);
    expect(good.said).not.toContain(key);
    expect((await run()).status).toMatch(/^Send an API key.* --key or TRIPGRID_API_KEY holds the key\.$/);
    expect((await run("--url", "http://127.0.0.1:1")).status).toMatch(/^http:\/\/127\.0\.0\.1:1 cannot be reached: /);
  } finally {
    await own.stop();
  }
});
