import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Receipt } from "../../src/batches/receipt.ts";
import type { Body } from "./bodies.ts";

/** What came of some posts. */
export interface Load {
  posts: number;
  trips: number;
  seconds: number;
  /** Of each post, in milliseconds, smallest first. */
  latencies: number[];
  /** Posts that were sent away, with 429 or 503. */
  refused: number;
}

/** How long a reply may take. */
const PATIENCE_MS = 120_000;

/** Sends prepared bodies over connections that are kept. The caller reads the replies if it needs them. */
export class Sender {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: string, connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: "fifo" });
    this.#url = new URL("/v1/trips", url);
  }

  post(body: Pick<Body, "bytes" | "type">, headers: Record<string, string> = {}) {
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { hostname, port, pathname } = this.#url;
      const sent = request({
        ...{ agent: this.#agent, hostname, port, path: pathname, method: "POST", timeout: PATIENCE_MS },
        headers: { "content-type": body.type, "content-length": body.bytes.length, ...headers },
      });
      sent.on("response", (reply) => {
        text(reply).then((text) => resolve({ status: reply.statusCode ?? 0, text }), reject);
      });
      sent.on("timeout", () => sent.destroy(new Error("There was no reply in two minutes.")));
      sent.on("error", reject);
      sent.end(body.bytes);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A number of clients, each of which posts its next body once it has its reply, until all are sent or the time is up. */
export async function closedLoop(
  url: string,
  bodies: readonly Body[],
  clients: number,
  seconds: number,
  headers: Record<string, string> = {},
): Promise<Load> {
  const sender = new Sender(url, clients);
  const load = emptyLoad();
  let next = 0;
  const started = performance.now();
  const client = async () => {
    for (let body = bodies[next]; body && performance.now() - started < seconds * 1000; body = bodies[next]) {
      next++;
      const before = performance.now();
      add(load, body, await sender.post(body, headers), performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  sender.close();
  return finish(load, started);
}

/**
 * So many posts a second, whether or not the ones before are answered, as independent devices send them. Latency counts
 * from when a post was due, so that a reply that holds up the ones behind it is not flattered.
 */
export async function openLoop(url: string, bodies: readonly Body[], perSecond: number): Promise<Load> {
  const sender = new Sender(url, 512);
  const load = emptyLoad();
  const under: Promise<void>[] = [];
  const started = performance.now();
  while (under.length < bodies.length) {
    const due = Math.min(bodies.length, Math.floor(((performance.now() - started) * perSecond) / 1000));
    while (under.length < due) {
      const body = bodies[under.length] as Body;
      const dueAt = started + (under.length * 1000) / perSecond;
      under.push(sender.post(body).then((reply) => add(load, body, reply, performance.now() - dueAt)));
    }
    await sleep(1);
  }
  await Promise.all(under);
  sender.close();
  return finish(load, started);
}

const emptyLoad = (): Load => ({ posts: 0, trips: 0, seconds: 0, latencies: [], refused: 0 });

function add(load: Load, body: Body, { status, text }: { status: number; text: string }, ms: number): void {
  if (status === 429 || status === 503) {
    load.refused++;
    return;
  }
  const receipt = JSON.parse(text) as Receipt;
  if (status !== 200 || receipt.inserted !== body.trips) throw new Error(`A post failed with ${status}: ${text}`);
  load.posts++;
  load.trips += body.trips;
  load.latencies.push(ms);
}

function finish(load: Load, started: number): Load {
  load.seconds = (performance.now() - started) / 1000;
  load.latencies.sort((a, b) => a - b);
  return load;
}
