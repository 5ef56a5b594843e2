import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { createClient, type Sql } from "../../../src/database/client.ts";
import { engine, freshDatabase, type SpawnedService, spawnService, type TestDatabase } from "../../harness/index.ts";
import { ask } from "./ask.ts";
import { TRIP } from "./trip.ts";

/**
 * What a process with a heap of 512 MB may take at most. The embedded engine takes about 1 GB in the same process and is not
 * held to it.
 */
export const MAX_RSS_MB = 700;

/** A service as a process of its own, which is attacked. */
export interface Target {
  url: string;
  port: number;
  pid: number;
  database: TestDatabase;
  service: SpawnedService;
  /** A client of the test's own. Not on the embedded engine, which lets nobody else in. */
  sql: Sql;
}

/**
 * One process for all tests of the file or block that this is called in. After each test it must be the same process, answer
 * and hold no more memory than it may.
 *
 * @param env settings that differ from the defaults
 * @param open what it runs on, if it is not a fresh database of the run's server
 */
export function useTarget(env: Record<string, string> = {}, open: () => Promise<TestDatabase> = freshDatabase): Target {
  const target = {} as Target;
  let ended: unknown;
  beforeAll(async () => {
    target.database = await open();
    target.service = spawnService({ ...target.database.env, ...env });
    void target.service.exited.then((how) => {
      ended = how;
    });
    target.url = await target.service.listening();
    target.port = Number(new URL(target.url).port);
    target.pid = target.service.pid;
    const { databaseUrl } = target.database;
    if (databaseUrl) target.sql = createClient({ url: databaseUrl }, { max: 2 });
  });
  afterEach(async () => {
    expect(ended, `the service ended: ${target.service?.stderr().slice(-2000)}`).toBeUndefined();
    await expectAlive(target);
  });
  afterAll(async () => {
    await target.sql?.end({ timeout: 5 });
    if (target.service) {
      target.service.kill("SIGKILL");
      await target.service.exited;
    }
    await target.database?.drop();
  });
  return target;
}

/** It answers within a time that only a service that hangs needs, and has never held more memory than it may. */
export async function expectAlive({ url, pid }: Pick<Target, "url" | "pid">): Promise<void> {
  expect(await ask(url, { path: "/livez", timeoutMs: 30_000 })).toMatchObject({ status: 200 });
  if (engine !== "embedded") expect(peakMb(pid)).toBeLessThan(MAX_RSS_MB);
}

/** The most memory that a process has held. */
export const peakMb = (pid: number): number => memoryMb(pid, "VmHWM");

/** The memory that a process holds now. */
export const rssMb = (pid: number): number => memoryMb(pid, "VmRSS");

function memoryMb(pid: number, name: "VmHWM" | "VmRSS"): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Asks again and again until something is so. */
export async function until(what: string, withinMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(100);
  }
}

/** Waits until the service takes trips again, as a client does that was told to come again. */
export async function untilNormal(url: string, withinMs: number, headers: Record<string, string> = {}): Promise<void> {
  let count = 0;
  await until("a post is stored", withinMs, async () => {
    const body = JSON.stringify({ ...TRIP, trip_id: `normal ${count++}` });
    return (await ask(url, { method: "POST", path: "/v1/trips", headers, body, timeoutMs: withinMs })).status === 200;
  });
}
