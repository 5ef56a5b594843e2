import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { Agent } from "node:http";
import { constants, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { TRIP } from "../../test/attacks/harness/trip.ts";
import { digits } from "../lib/figures.ts";
import type { Victim } from "./attack-victim.ts";
import type { AttackOptions } from "./attacks.ts";
import type { CrowdOrder, CrowdResult } from "./crowd-process.ts";
import { send, untilAgain } from "./send.ts";
import { byStatus, figures, note, type Times } from "./times.ts";

/** A post that takes no longer is a normal one. */
const NORMAL_MS = 200;
const TRIPS_BEFORE = 50_000;
/** Clients like those of the crowd, in a process that has nothing else to do: their figures are those of the service. */
const WITNESSES = 60;
/** In the first seconds all clients connect and send at once, and none of them was told yet when to come again. */
const RUSH_MS = 3000;

/** Far more clients who post than are let in, and clients who ask about polygons of 10,000 vertices, at once. */
export async function crowd(victim: Victim, { clients, polygons, seconds }: AttackOptions) {
  const { service, sql } = victim;
  const source = `crowd-${randomUUID()}`;
  await fillWith(service.url);
  const alone = await singlePosts(service.url, 50);
  // The database and the clients have machines of their own where there is such a crowd. Here they share two cores with the
  // service, and take what it leaves.
  for (const pid of victim.serverPids()) setPriority(pid, constants.priority.PRIORITY_LOW);
  const witnessed: Times = new Map();
  const afterRush: Times = new Map();
  const errors = new Map<string, number>();
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const ended = runCrowd({ url: service.url, source, clients, polygons, seconds }).finally(() => over.abort());
  const began = performance.now();
  const agent = new Agent({ keepAlive: true, maxSockets: WITNESSES });
  const witness = async () => {
    while (!over.signal.aborted) {
      const trip = JSON.stringify({ ...TRIP, source, trip_id: randomUUID() });
      const isRush = performance.now() - began < RUSH_MS;
      const reply = await send(service.url, agent, "/v1/trips", trip);
      note(reply, witnessed, errors);
      if (!isRush && !reply.error) note(reply, afterRush, errors);
      await untilAgain(reply, over.signal);
    }
  };
  const [probes] = await Promise.all([
    probing(service.url, () => over.signal.aborted),
    ...Array.from({ length: WITNESSES }, witness),
  ]);
  const { accepted, ...result } = await ended;
  const afterEnd = await untilNormal(service.url);
  agent.destroy();
  const [row] = await sql<{ stored: number }[]>`
    select count(*) as stored from tripgrid.trips where source = ${source}`;
  return {
    ...{ clients, polygons, seconds },
    single_posts_before: figures(alone),
    posts: byStatus(witnessed),
    posts_after_3_s: byStatus(afterRush),
    ...result,
    livez: figures(probes.livez),
    readyz_refused: probes.refused,
    errors: { ...result.errors, ...Object.fromEntries(errors) },
    seconds_until_normal_after_the_end: digits(afterEnd, 3),
    accepted: accepted + (witnessed.get(200)?.length ?? 0),
    stored: row?.stored ?? 0,
    service_peak_mb: service.peakMb(),
    service_alive: victim.isAlive(),
  };
}

function runCrowd(order: CrowdOrder): Promise<CrowdResult> {
  const child: ChildProcess = fork(new URL("./crowd-process.ts", import.meta.url));
  child.send(order);
  return new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`The crowd ended with ${code}.`)));
  });
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
