import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Import } from "../../src/imports/imports.ts";
import { call, callJson, type Reply } from "../harness/api.ts";
import { engine, type TestService } from "../harness/index.ts";

/** What the tests of imports write, ask for and wait for. */
export type Listed = Import & { links: Record<string, string> };

const HEADER = "trip_id,source,started_at,origin_lon,origin_lat";

/** So many that an import has a middle to stop it in: a second or more, of chunks of 5,000. The embedded engine takes 5 s. */
export const LONG_ROWS = engine === "embedded" ? 20_000 : 120_000;

/** A native CSV of so many trips of a source, numbered from 1 or from another number on. */
export function csvOf(source: string, trips: number, from = 1): string {
  return `${HEADER}\n${csvRows(source, trips, from)}`;
}

export function csvRows(source: string, trips: number, from = 1): string {
  return Array.from(
    { length: trips },
    (_, i) => `${source}-${from + i},${source},2018-05-21T08:00:00,7.67,45.05\n`,
  ).join("");
}

export const inboxOf = (service: TestService): string => join(service.database.dataFolder, "inbox");

/** Puts a file into the inbox. */
export async function put(service: TestService, path: string, content: string | Buffer): Promise<string> {
  const absolute = join(inboxOf(service), path);
  await writeFile(absolute, content);
  return absolute;
}

/** Asks for a file in the inbox. */
export const ask = <T = Listed>(service: TestService, path: string, more: object = {}): Promise<Reply<T>> =>
  callJson<T>(service, "POST", "/v1/imports", { path, ...more });

/** An import once there is nothing left to do. */
export async function ended(service: { url: string }, importId: string): Promise<Listed> {
  for (;;) {
    const { body } = await call<Listed>(service, `/v1/imports/${importId}`);
    if (body.state !== "queued" && body.state !== "running") return body;
    await sleep(50);
  }
}

/** Puts a file into the inbox, asks for it and waits until there is nothing left to do. */
export async function imported(
  service: TestService,
  path: string,
  content: string | Buffer,
  more: object = {},
): Promise<Listed> {
  await put(service, path, content);
  const { status, body } = await ask(service, path, more);
  if (status !== 202 && status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return ended(service, body.import_id);
}

/** All imports of a path, newest first. */
export async function listed(service: { url: string }, path: string): Promise<Listed[]> {
  const { body } = await call<{ imports: Listed[] }>(service, "/v1/imports?limit=1000");
  return body.imports.filter((one) => one.path === path);
}

/** Asks until it gets an answer, for half a minute. */
export async function until<T>(find: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = performance.now() + 300_000; performance.now() < end; await sleep(20)) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error("it did not come to pass");
}

/** Rows read, inserted, duplicates, rejected. */
export const numbers = ({ rows, inserted, duplicates, rejected }: Import) => [rows, inserted, duplicates, rejected];
