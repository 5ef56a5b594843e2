import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { star } from "../../test/attacks/harness/areas.ts";
import { TRIP } from "../../test/attacks/harness/trip.ts";
import { digits, quantile } from "../lib/figures.ts";
import type { Victim } from "./attack-victim.ts";
import type { AttackOptions } from "./attacks.ts";

/** How long a refused client waits, unless it is told otherwise. */
const AGAIN_MS = 1000;
/** A post that takes no longer is a normal one. */
const NORMAL_MS = 200;
const TRIPS_BEFORE = 50_000;

type Times = Map<number, number[]>;

/** Far more clients who post than are let in, and clients who ask about polygons of 10,000 vertices, at once. */
export async function crowd(victim: Victim, { clients, polygons, seconds }: AttackOptions) {
  const { service, sql } = victim;
  const source = `crowd-${randomUUID()}`;
  await fillWith(service.url);
  const alone = await singlePosts(service.url, 50);
  const posts: Times = new Map();
  const questions: Times = new Map();
  const errors = new Map<string, number>();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const end = performance.now() + seconds * 1000;
  const isOver = () => performance.now() > end;
  const agent = new Agent({ keepAlive: true, maxSockets: clients + polygons });
  const body = JSON.stringify({ area: star(10_000), hours: "6-20" });
  const poster = async () => {
    while (!isOver()) {
      const trip = JSON.stringify({ ...TRIP, source, trip_id: randomUUID() });
      const reply = await send(service.url, agent, "/v1/trips", trip);
      note(reply, posts, errors);
      if (reply.status !== 200) await sleep(AGAIN_MS * (0.5 + Math.random()));
    }
  };
  const asker = async () => {
    while (!isOver()) {
      const reply = await send(service.url, agent, "/v1/weekly-averages", body);
      note(reply, questions, errors);
      if (reply.status !== 200) await sleep(AGAIN_MS * (0.5 + Math.random()));
    }
  };
  const all = Promise.all([...Array.from({ length: clients }, poster), ...Array.from({ length: polygons }, asker)]);
  const probes = await probing(service.url, isOver);
  const afterEnd = await untilNormal(service.url);
  await all;
  agent.destroy();
  const [row] = await sql<{ stored: number }[]>`
    select count(*) as stored from tripgrid.trips where source = ${source}`;
  const accepted = posts.get(200)?.length ?? 0;
  return {
    ...{ clients, polygons, seconds },
    single_posts_before: figures(alone),
    posts: byStatus(posts),
    polygons_answered: byStatus(questions),
    livez: figures(probes.livez),
    readyz_refused: probes.refused,
    errors: Object.fromEntries(errors),
    seconds_until_normal_after_the_end: digits(afterEnd, 3),
    ...{ accepted, stored: row?.stored ?? 0 },
    /** The clients share the machine with the service: what their own event loop adds to every figure above. */
    clients_own_delay_p99_ms: digits(delay.percentile(99) / 1e6, 3),
    service_peak_mb: service.peakMb(),
    service_alive: victim.isAlive(),
  };
}

interface Replied {
  status: number;
  ms: number;
  error?: string;
}

function send(url: string, agent: Agent | undefined, path: string, body?: string): Promise<Replied> {
  const started = performance.now();
  const { hostname, port } = new URL(url);
  const headers = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body ?? "")) };
  return new Promise((resolve) => {
    const done = (status: number, error?: string) =>
      resolve({ status, ms: performance.now() - started, ...(error ? { error } : {}) });
    const sent = request({
      ...{ hostname, port, path, headers, method: body === undefined ? "GET" : "POST", timeout: 120_000 },
      ...(agent ? { agent } : { agent: false }),
    });
    sent.on("response", (reply) => {
      text(reply).then(
        () => done(reply.statusCode ?? 0),
        (error) => done(0, error.code),
      );
    });
    sent.on("timeout", () => sent.destroy(Object.assign(new Error("no reply"), { code: "NO_REPLY_IN_2_MINUTES" })));
    sent.on("error", (error: Error & { code?: string }) => done(0, error.code ?? error.message));
    sent.end(body);
  });
}

function note({ status, ms, error }: Replied, times: Times, errors: Map<string, number>): void {
  if (error) {
    errors.set(error, (errors.get(error) ?? 0) + 1);
    return;
  }
  const list = times.get(status) ?? [];
  list.push(ms);
  times.set(status, list);
}

async function fillWith(url: string): Promise<void> {
  for (let from = 0; from < TRIPS_BEFORE; from += 5000) {
    const rows = Array.from({ length: 5000 }, (_, i) => {
      const n = from + i;
      const origin = [7.5 + (n % 400) / 1000, 45 + ((n * 7) % 400) / 1000];
      return {
        ...TRIP,
        trip_id: `${n}`,
        origin,
        started_at: `2024-05-${String(1 + (n % 28)).padStart(2, "0")}T08:00:00`,
      };
    });
    const { status } = await send(url, undefined, "/v1/trips", JSON.stringify(rows));
    if (status !== 200) throw new Error(`The trips to ask about were not stored: ${status}`);
  }
}

async function singlePosts(url: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const { status, ms } = await send(url, undefined, "/v1/trips", JSON.stringify({ ...TRIP, trip_id: randomUUID() }));
    if (status === 200) times.push(ms);
  }
  return times;
}

/** What an orchestrator asks meanwhile. */
async function probing(url: string, isOver: () => boolean) {
  const livez: number[] = [];
  let refused = 0;
  while (!isOver()) {
    livez.push((await send(url, undefined, "/livez")).ms);
    if ((await send(url, undefined, "/readyz")).status !== 200) refused++;
    await sleep(100);
  }
  return { livez, refused };
}

/** Seconds until three single posts in a row are as fast as on a quiet day. */
async function untilNormal(url: string): Promise<number> {
  const started = performance.now();
  for (let inARow = 0; inARow < 3; ) {
    const { status, ms } = await send(url, undefined, "/v1/trips", JSON.stringify({ ...TRIP, trip_id: randomUUID() }));
    inARow = status === 200 && ms < NORMAL_MS ? inARow + 1 : 0;
    if (performance.now() - started > 300_000) return Number.POSITIVE_INFINITY;
  }
  return (performance.now() - started) / 1000;
}

const byStatus = (times: Times) =>
  Object.fromEntries([...times].map(([status, all]) => [status, { count: all.length, ...figures(all) }]));

function figures(times: number[]) {
  times.sort((a, b) => a - b);
  return {
    p50_ms: digits(quantile(times, 0.5), 3),
    p99_ms: digits(quantile(times, 0.99), 3),
    max_ms: digits(times.at(-1) ?? Number.NaN, 3),
  };
}
