import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Receipt } from "../../../src/batches/receipt.ts";
import type { Sql } from "../../../src/database/client.ts";
import { circle } from "./areas.ts";
import { type Answered, ask } from "./ask.ts";
import { TRIP } from "./trip.ts";

/** A reply that no fault of the database may lead to, or none within the time in which there must be one. */
export interface Wrong {
  what: string;
  status: number;
  type: string;
  text: string;
  ms: number;
}

export interface ClientOptions {
  /** After which a request counts as one that never ends. */
  deadlineMs: { write: number; read: number };
  writers: number;
  readers: number;
}

const READ: [path: string, body?: object][] = [
  ["/v1/query", { by: ["week"], where: { within: { area: circle(60) } } }],
  ["/v1/query", { by: ["driver"], select: ["trips", { percentile: "duration_s", p: 0.5, as: "median" }], limit: 1000 }],
  ["/v1/weekly-averages", { area: circle(200) }],
  ["/v1/trips/count?by=source"],
  ["/v1/trips?limit=100"],
  ["/v1/trips/attack/0"],
  ["/v1/clusters?bbox=7.5,45,7.9,45.4"],
  ["/v1/imports"],
  ["/v1/regions"],
  ["/v1/rollups"],
];

/**
 * Clients who write and ask while something breaks. They keep what was acknowledged, so that it can be held against what is
 * stored; a post that got no reply, or a 503, is sent again with its key until it is acknowledged.
 */
export class Load {
  readonly wrong: Wrong[] = [];
  readonly statuses = new Map<number, number>();
  readonly postMs: number[] = [];
  #isOver = false;
  readonly #acknowledged = new Set<string>();
  readonly #url: () => string;
  readonly #options: ClientOptions;
  readonly #source = `load-${randomUUID()}`;
  #running: Promise<unknown> = Promise.resolve();

  /** @param url where the service is now: it may be started again on another port */
  constructor(url: () => string, options: ClientOptions) {
    this.#url = url;
    this.#options = options;
  }

  start(): void {
    const { writers, readers } = this.#options;
    this.#running = Promise.all([
      ...Array.from({ length: writers }, () => this.#write()),
      ...Array.from({ length: readers }, (_, i) => this.#read(i)),
    ]);
  }

  /** How many trips were acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Ends once every post is acknowledged; a client who waits for an hour is a defect, too. */
  async finish(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** What is stored but was not acknowledged, and the other way round; the same trip twice counts as doubled. */
  async compare(sql: Sql): Promise<{ acknowledged: number; lost: number; doubled: number; strangers: number }> {
    const rows = await sql<{ trip_id: string; times: number }[]>`
      select trip_id, count(*) as times from tripgrid.trips where source = ${this.#source} group by trip_id`;
    const stored = new Map(rows.map(({ trip_id, times }) => [trip_id, times]));
    return {
      acknowledged: this.#acknowledged.size,
      lost: [...this.#acknowledged].filter((id) => !stored.has(id)).length,
      doubled: rows.filter(({ times }) => times > 1).length,
      strangers: rows.filter(({ trip_id }) => !this.#acknowledged.has(trip_id)).length,
    };
  }

  async #write(): Promise<void> {
    while (!this.#isOver) {
      const kind = Math.random();
      const isLater = kind < 0.05;
      const ids = Array.from({ length: isLater ? 2000 : kind < 0.2 ? 50 : 1 }, () => randomUUID());
      const body = JSON.stringify(ids.map((trip_id) => ({ ...TRIP, source: this.#source, trip_id })));
      const headers = {
        "content-type": "application/json",
        "idempotency-key": randomUUID(),
        ...(isLater ? { prefer: "respond-async" } : {}),
      };
      let reply = await this.#ask("POST /v1/trips", { method: "POST", path: "/v1/trips", headers, body });
      while (reply.status !== 200 && reply.status !== 202) {
        await sleep(200);
        reply = await this.#ask("POST /v1/trips", { method: "POST", path: "/v1/trips", headers, body });
      }
      if (reply.status === 200 && ids.length === 1) this.postMs.push(reply.ms);
      for (const id of ids) this.#acknowledged.add(id);
      if (reply.status === 202) await this.#batchDone(reply);
      await sleep(20);
    }
  }

  /** What was accepted is stored in the end, whatever happens meanwhile. */
  async #batchDone({ text }: Answered): Promise<void> {
    const path = `/v1/batches/${(JSON.parse(text) as Receipt).batch_id}`;
    for (;;) {
      const reply = await this.#ask("GET /v1/batches/ID", { path });
      const state = reply.status === 200 ? (JSON.parse(reply.text) as Receipt).state : "unknown";
      if (state === "committed") return;
      if (state === "failed") {
        this.wrong.push({ what: "an accepted batch failed", ...reply });
        return;
      }
      await sleep(500);
    }
  }

  async #read(first: number): Promise<void> {
    for (let i = first; !this.#isOver; i++) {
      const [path, body] = READ[i % READ.length] ?? ["/livez"];
      const asked = body ? { method: "POST", path, body: JSON.stringify(body) } : { path };
      await this.#ask(`${asked.method ?? "GET"} ${path}`, asked);
      await sleep(50);
    }
  }

  async #ask(what: string, asked: Parameters<typeof ask>[1]): Promise<Answered> {
    const { deadlineMs } = this.#options;
    const reply = await ask(this.#url(), {
      ...asked,
      timeoutMs: deadlineMs[what.startsWith("POST /v1/trips") ? "write" : "read"],
    });
    this.statuses.set(reply.status, (this.statuses.get(reply.status) ?? 0) + 1);
    const isAway = reply.status === 0 && reply.type !== "timeout";
    const isAllowed = [200, 202, 404, 429, 503, 507].includes(reply.status);
    const saysWhen = ![429, 503, 507].includes(reply.status) || reply.headers["retry-after"] !== undefined;
    // While the service itself is down its connections break, and that is no reply of its own.
    if (!isAway && !(isAllowed && saysWhen)) this.wrong.push({ what, ...reply, text: reply.text.slice(0, 300) });
    return reply;
  }
}
