/**
 * A service under load, in full runs: ten minutes of everything at once with flat memory, then ten times as much as is let in.
 * `TRIPGRID_TEST_LOAD_S` says how many seconds the first part lasts.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { SCOPES } from "../../src/kit/scope.ts";
import { star } from "../attacks/harness/areas.ts";
import { MAX_RSS_MB, oneTrip, peakMb, untilNormal, useTarget } from "../attacks/harness/index.ts";
import { as } from "../auth/support.ts";
import { countFrom } from "../harness/index.ts";

const seconds = countFrom("TRIPGRID_TEST_LOAD_S", 0, 600);
const AT_ONCE = 50;
const target = useTarget({ TRIPGRID_MAX_CONCURRENT_INGEST: String(AT_ONCE), TRIPGRID_MAX_REQUESTS_PER_S: "0" });

let fleet: string;
let analyst: string;
beforeAll(async () => {
  const { body } = await as(target, undefined).post<{ key: string }>("/v1/keys", { name: "chief", scopes: SCOPES });
  const keyFor = async (name: string, scopes: string[]) =>
    (await as(target, body.key).post<{ key: string }>("/v1/keys", { name, scopes })).body.key;
  [fleet, analyst] = [await keyFor("fleet", ["ingest", "trips"]), await keyFor("analyst", ["read", "trips"])];
});

/** What came of requests: how many had each status, and the rows that were acknowledged. */
interface Tally {
  statuses: Map<number, number>;
  inserted: number;
}
const emptyTally = (): Tally => ({ statuses: new Map(), inserted: 0 });

async function request(tally: Tally, key: string, path: string, body?: string, type = "application/json") {
  const reply = await fetch(target.url + path, {
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": type }) },
    ...(body === undefined ? {} : { method: "POST", body }),
    signal: AbortSignal.timeout(120_000),
  });
  const text = await reply.text();
  tally.statuses.set(reply.status, (tally.statuses.get(reply.status) ?? 0) + 1);
  if (path === "/v1/trips" && reply.status === 200) tally.inserted += (JSON.parse(text) as Receipt).inserted;
  return reply.status;
}

let count = 0;
const trips = (source: string, rows: number) =>
  Array.from({ length: rows }, () => {
    const n = count++;
    const day = String(1 + (n % 28)).padStart(2, "0");
    const origin = [7.5 + (n % 400) / 1000, 45 + ((n * 7) % 400) / 1000];
    return oneTrip({
      source,
      trip_id: `${n}`,
      driver_id: `d${n % 300}`,
      origin,
      started_at: `2024-05-${day}T08:00:00`,
    });
  });

const QUESTIONS = [
  "/v1/weekly-averages?bbox=7.5,45,7.7,45.2",
  "/v1/weekly-averages?bbox=7.5,45,7.7,45.2&method=estimate",
  "/v1/weekly-averages/by-region",
  "/v1/clusters?bbox=7.5,45,7.9,45.4",
  "/v1/trips?limit=500",
  "/v1/trips/count?by=day",
  "/v1/export/cells?format=geoparquet",
  "/tiles/cells/9/266/183",
  "/ogc/collections/weekly_cells/items?limit=50",
];

const stored = async (source: string) => {
  const [row] = await target.sql<{ n: number }[]>`
    select count(*)::int as n from tripgrid.trips where source = ${source}`;
  return row?.n;
};

const median = (all: readonly number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
const rssMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${target.pid}/status`, "utf8"))?.[1]) / 1024;

describe.skipIf(seconds === 0)("a service under load", () => {
  it(`${seconds} s of posts, files, questions and followers leave the memory flat`, {
    timeout: seconds * 1000 + 300_000,
  }, async () => {
    const end = performance.now() + seconds * 1000;
    const isOver = () => performance.now() > end;
    const [posts, questions] = [emptyTally(), emptyTally()];
    const every = async (pauseMs: number, work: () => Promise<unknown>) => {
      while (!isOver()) {
        await work();
        await sleep(pauseMs);
      }
    };
    let asked = 0;
    const ask = async () => {
      if (asked++ % 10 === 0) {
        const query = { by: ["week", "driver"], where: { source: "mixed" }, limit: 100 };
        return request(questions, analyst, "/v1/query", JSON.stringify(query));
      }
      return request(questions, analyst, QUESTIONS[asked % QUESTIONS.length] ?? "");
    };
    const follow = async () => {
      const leave = AbortSignal.timeout(5000);
      const headers = { authorization: `Bearer ${fleet}` };
      await fetch(`${target.url}/v1/events`, { headers, signal: leave })
        .then(
          (reply) => reply.text(),
          () => {},
        )
        .catch(() => {});
    };
    const memory: number[] = [];
    await Promise.all([
      ...[1, 2, 3].map(() => every(15, () => request(posts, fleet, "/v1/trips", trips("mixed", 1)[0]))),
      every(200, () => request(posts, fleet, "/v1/trips", trips("mixed", 200).join("\n"), "application/x-ndjson")),
      every(10_000, () => request(posts, fleet, "/v1/trips", `[${trips("mixed", 5000).join(",")}]`)),
      ...[1, 2, 3].map(() => every(50, ask)),
      ...[1, 2].map(() => every(100, follow)),
      every(1000, async () => memory.push(rssMb())),
    ]);
    const fifth = Math.floor(memory.length / 5);
    const [early, late] = [median(memory.slice(fifth, 2 * fifth)), median(memory.slice(-fifth))];
    process.stdout.write(
      `${seconds} s: ${show(posts)}, ${posts.inserted} trips; questions ${show(questions)}; memory ${Math.round(early)} MB early, ${Math.round(late)} MB late, ${Math.round(peakMb(target.pid))} MB at most\n`,
    );
    for (const { statuses } of [posts, questions]) {
      expect([...statuses.keys()].filter((status) => !EXPECTED.includes(status))).toEqual([]);
    }
    expect(await stored("mixed")).toBe(posts.inserted);
    expect(late).toBeLessThan(early * 1.1 + 20);
    expect(peakMb(target.pid)).toBeLessThan(MAX_RSS_MB);
  });

  it("ten times as many clients as are let in are stored or sent away, and what was stored is there", {
    timeout: 600_000,
  }, async () => {
    const normal: number[] = [];
    for (let i = 0; i < 50; i++) {
      const began = performance.now();
      await request(emptyTally(), fleet, "/v1/trips", trips("normal", 1)[0]);
      normal.push(performance.now() - began);
    }
    const end = performance.now() + 30_000;
    const [posts, questions] = [emptyTally(), emptyTally()];
    const area = JSON.stringify({ area: star(5000), hours: "6-20" });
    const poster = async () => {
      while (performance.now() < end) await request(posts, fleet, "/v1/trips", trips("over", 1)[0]);
    };
    const asker = async () => {
      while (performance.now() < end) await request(questions, analyst, "/v1/weekly-averages", area);
    };
    await Promise.all([
      ...Array.from({ length: 10 * AT_ONCE }, poster),
      // Four questions have connections.
      ...Array.from({ length: 40 }, asker),
    ]);
    const ended = performance.now();
    await untilNormal(target.url, 60_000, { authorization: `Bearer ${fleet}` });
    // As quick as before, ten times in a row.
    let lastSlow = ended;
    for (let quick = 0; quick < 10; quick++) {
      const began = performance.now();
      await request(emptyTally(), fleet, "/v1/trips", trips("normal", 1)[0]);
      if (performance.now() - began <= Math.max(50, 3 * median(normal))) continue;
      [lastSlow, quick] = [performance.now(), -1];
      expect(performance.now() - ended).toBeLessThan(60_000);
    }
    process.stdout.write(
      `posts ${show(posts)}, questions ${show(questions)}; a post took ${Math.round(median(normal))} ms before, and again ${Math.round(lastSlow - ended)} ms after the end\n`,
    );
    for (const { statuses } of [posts, questions]) {
      expect([...statuses.keys()].filter((status) => !EXPECTED.includes(status))).toEqual([]);
    }
    expect(posts.statuses.get(429)).toBeGreaterThan(0);
    expect(posts.inserted).toBe(posts.statuses.get(200));
    expect(await stored("over")).toBe(posts.inserted);
  });
});

/** A tile without trips is a 204. */
const EXPECTED = [200, 204, 429, 503];
const show = ({ statuses }: Tally) =>
  [...statuses]
    .sort()
    .map(([status, n]) => `${n} × ${status}`)
    .join(", ");
