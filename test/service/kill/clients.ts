import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Receipt } from "../../../src/batches/receipt.ts";
import type { Sql } from "../../../src/database/client.ts";
import { expectedCounts, makeRequest, postRequest, type SentRequest } from "./requests.ts";

interface SentFile {
  name: string;
  rows: number;
  bad: number;
  batchId?: string;
}

/** Clients who keep what they sent until they are told what became of it, and ask again with the same key. */
export class Clients {
  readonly #inbox: string;
  readonly #requests: SentRequest[] = [];
  readonly #files: SentFile[] = [];

  /** @param inbox where the service looks for files */
  constructor(inbox: string) {
    this.#inbox = inbox;
  }

  add(...requests: SentRequest[]): void {
    this.#requests.push(...requests);
  }

  /** Puts a file of its own into the inbox, to be asked for. */
  async addFile(rows: number): Promise<void> {
    const { key, body, bad } = makeRequest(rows, "csv");
    const name = `${key}.csv`;
    await mkdir(this.#inbox, { recursive: true });
    await writeFile(join(this.#inbox, name), body);
    this.#files.push({ name, rows, bad });
  }

  /** The keys of requests that have no reply so far. */
  openKeys(): string[] {
    return this.#requests.filter(({ receipt }) => !receipt).map(({ key }) => key);
  }

  #isOpen(): boolean {
    return this.openKeys().length > 0 || this.#files.some(({ batchId }) => !batchId);
  }

  /** Sends everything that has no reply, all at once; ends when each has one, or the connection. */
  async sendOpen(url: string): Promise<void> {
    const requests = this.#requests.map(async (request) => {
      if (request.receipt) return;
      const receipt = await postRequest(url, request);
      if (!receipt) return;
      if (receipt.state === "committed") expect(receipt).toMatchObject(expectedCounts(request));
      request.receipt = receipt;
    });
    const files = this.#files.filter(({ batchId }) => !batchId).map((file) => importFile(url, file));
    await Promise.all([...requests, ...files]);
  }

  /** Asks until everything is acknowledged and done, and then once more: the second answer is the first. */
  async finish(url: string, untilMs: number): Promise<void> {
    const deadline = Date.now() + untilMs;
    const patience = () => {
      if (Date.now() > deadline) throw new Error("It is not all done in time.");
      return sleep(200);
    };
    for (await this.sendOpen(url); this.#isOpen(); await this.sendOpen(url)) await patience();
    for (const { batchId, ...file } of this.#files) {
      let receipt = await findBatch(url, batchId ?? "");
      for (; !isFinal(receipt); receipt = await findBatch(url, batchId ?? "")) await patience();
      expect(receipt).toMatchObject({ state: "committed", ...expectedCounts(file) });
    }
    for (const request of this.#requests) {
      const first = request.receipt;
      let again = await postRequest(url, request);
      for (; !isFinal(again); again = await postRequest(url, request)) await patience();
      expect(again).toMatchObject({ state: "committed", batch_id: first?.batch_id, ...expectedCounts(request) });
      if (first?.state === "committed") expect(again).toEqual(first);
    }
  }

  /** The tables hold what was sent, once each, and the receipts add up to it. */
  async check(sql: Sql): Promise<void> {
    const all = [...this.#requests, ...this.#files];
    const sum = (count: (one: { rows: number; bad: number }) => number) => all.reduce((n, one) => n + count(one), 0);
    const bad = sum((one) => one.bad);
    const good = sum((one) => one.rows) - bad;
    const [trips] = await sql`select count(*) as trips, count(distinct driver_id) as drivers from tripgrid.trips`;
    expect(trips).toEqual({ trips: good, drivers: good });
    const [batches] = await sql`
      select count(*) as batches, count(*) filter (where state = 'committed') as committed, sum(received) as received,
             sum(inserted) as inserted, sum(duplicates) as duplicates, sum(rejected) as rejected
      from tripgrid.batches`;
    expect(batches).toEqual({
      ...{ batches: all.length, committed: all.length },
      ...{ received: good + bad, inserted: good, duplicates: 0, rejected: bad },
    });
    const [rejected] = await sql`select count(*) as rows from tripgrid.rejected_rows`;
    expect(rejected).toEqual({ rows: bad });
    const [left] = await sql`
      select (select count(*) from tripgrid.batch_chunks) as chunks,
             (select count(*) from tripgrid.payload_parts join tripgrid.batches using (batch_id)) as parts`;
    expect(left).toEqual({ chunks: 0, parts: 0 });
  }
}

async function importFile(url: string, file: SentFile): Promise<void> {
  const reply = await fetch(`${url}/v1/imports`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ path: file.name }),
  })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch(() => undefined);
  if (!reply || reply.status === 503) return;
  if (reply.status !== 200 && reply.status !== 202) throw new Error(`${reply.status}: ${reply.text}`);
  file.batchId = (JSON.parse(reply.text) as Receipt).batch_id;
}

/** Undefined if it is not to be had now. */
async function findBatch(url: string, id: string): Promise<Receipt | undefined> {
  const reply = await fetch(`${url}/v1/batches/${id}`);
  if (reply.status === 503) return undefined;
  if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`);
  return (await reply.json()) as Receipt;
}

const isFinal = (receipt: Receipt | undefined) => receipt?.state === "committed" || receipt?.state === "failed";
