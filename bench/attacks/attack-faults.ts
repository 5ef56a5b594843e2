import { setTimeout as sleep } from "node:timers/promises";
import { Load, type Wrong } from "../../test/attacks/harness/clients.ts";
import { childrenOf, fillDisk, signal } from "../../test/attacks/harness/harm.ts";
import { digits, quantile } from "../lib/figures.ts";
import type { Victim } from "./attack-victim.ts";
import type { AttackOptions } from "./attacks.ts";

/** The deadlines that the service promises, and some seconds for a machine that is busy. */
const DEADLINES = { write: 10_000 + 5000, read: 10_000 + 60_000 + 10_000 };
const LOAD = { deadlineMs: DEADLINES, writers: 12, readers: 12 };

const between = (least: number, most: number) => least + Math.random() * (most - least);

/** What is done to the service, each for some seconds; afterwards everything is as it was. */
const HARM: Record<string, (victim: Victim) => Promise<void>> = {
  "kill -9 of a backend": async ({ serverPids }) => {
    const [postmaster = 0] = serverPids();
    const backends = childrenOf(postmaster);
    signal([backends[Math.floor(Math.random() * backends.length)] ?? 0].filter(Boolean), "SIGKILL");
  },
  "backends told to end": async ({ sql }) => {
    for (let i = 0; i < 10; i++) {
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'tripgrid' and pid <> pg_backend_pid() order by random() limit 2`.catch(() => {});
      await sleep(200);
    }
  },
  "the server frozen": async ({ serverPids }) => {
    const pids = serverPids();
    signal(pids, "SIGSTOP");
    await sleep(between(3000, 25_000));
    signal(pids, "SIGCONT");
  },
  "a black hole": async ({ network }) => {
    network.swallow();
    await sleep(between(3000, 25_000));
    network.open();
  },
  "a full disk": async ({ disk, reviveServer }) => {
    if (!disk) return;
    const full = fillDisk(disk);
    await sleep(between(3000, 12_000));
    full.empty();
    // A server that could not write gives up soon after.
    await sleep(2000);
    await reviveServer();
  },
  "the service killed": async (victim) => {
    process.kill(victim.service.pid, "SIGKILL");
    await sleep(between(0, 1000));
    await victim.restart();
  },
};

export async function faults(victim: Victim, { minutes, kinds }: AttackOptions) {
  const names = Object.keys(HARM).filter((name) => !kinds || kinds.some((kind) => name.includes(kind)));
  const load = new Load(() => victim.service.url, LOAD);
  const done = new Map<string, number>();
  let deaths = 0;
  let peakMb = 0;
  const recovered: number[] = [];
  load.start();
  const end = performance.now() + minutes * 60_000;
  for (let round = 0; performance.now() < end; round++) {
    await sleep(between(1000, 6000));
    // Each in turn first, so that a short run has all of them.
    const name = (round < names.length ? names[round] : names[Math.floor(Math.random() * names.length)]) ?? "";
    process.stdout.write(`${new Date().toISOString()} ${name}\n`);
    peakMb = Math.max(peakMb, victim.isAlive() ? victim.service.peakMb() : 0);
    await HARM[name]?.(victim);
    done.set(name, (done.get(name) ?? 0) + 1);
    recovered.push(await firstStored(load));
    if (!victim.isAlive()) {
      deaths++;
      process.stdout.write("the service ended by itself\n");
      await victim.restart();
    }
  }
  await load.finish();
  peakMb = Math.max(peakMb, victim.service.peakMb());
  const { wrong } = load;
  const compared = await load.compare(victim.sql);
  const count = (status: number) => load.statuses.get(status) ?? 0;
  return {
    minutes,
    faults: Object.fromEntries(done),
    ...(victim.disk ? {} : { not_tried: "a full disk: this user may mount none" }),
    ...compared,
    without_an_answer_after_their_deadline: wrong.filter(({ type }) => type === "timeout").length,
    internal_errors: count(500),
    statuses: Object.fromEntries(load.statuses),
    other_wrong_replies: wrong.filter(({ type, status }) => type !== "timeout" && status !== 500).length,
    wrong_by_request: byRequest(wrong),
    service_ended_by_itself: deaths,
    service_peak_mb: peakMb,
    seconds_until_stored_again: {
      p50: digits(
        quantile(
          recovered.toSorted((a, b) => a - b),
          0.5,
        ),
        3,
      ),
      max: digits(Math.max(...recovered), 3),
    },
  };
}

/** How often each address gave each wrong reply, with one of them. */
function byRequest(wrong: readonly Wrong[]) {
  const kinds = new Map<string, { times: number; longest_ms: number; text: string }>();
  for (const { what, status, type, text, ms } of wrong) {
    const kind = `${what}: ${status} ${type}`;
    const known = kinds.get(kind) ?? { times: 0, longest_ms: 0, text };
    kinds.set(kind, { ...known, times: known.times + 1, longest_ms: Math.max(known.longest_ms, Math.round(ms)) });
  }
  return Object.fromEntries(kinds);
}

/** Seconds until the first post is stored after something was mended; a minute at most. */
async function firstStored(load: Load): Promise<number> {
  const before = load.acknowledged;
  const started = performance.now();
  while (load.acknowledged === before && performance.now() - started < 60_000) await sleep(20);
  return (performance.now() - started) / 1000;
}
