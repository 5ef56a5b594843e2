import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type RetryRules, withRetries } from "./retry.ts";
import type { Counts, NativeTrip, Problem, Receipt, WeeklyAnswer, WeeklyQuestion } from "./types.ts";

export interface ClientOptions extends RetryRules {
  /** Where the service is, such as https://trips.example. */
  url: string;
  /** An API key or a token. Undefined: the service is open. */
  key?: string | undefined;
  /** The longest that one try may take. Default: 120,000 ms. */
  timeoutMs?: number;
  fetch?: typeof fetch;
  /** Called before a request is tried again. */
  onRetry?: (waitMs: number, reply: Response | undefined) => void;
}

/** The service answered with an error. */
export class TripgridError extends Error {
  override readonly name = "TripgridError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export interface SendOptions {
  /** `text/csv`, `application/x-ndjson` or `application/json`. Undefined: JSON for trips, none for text. */
  contentType?: string;
  mapping?: string;
  identity?: "content" | "row";
  /** The same key with the same trips stores them once. Undefined: the client makes one. */
  idempotencyKey?: string;
  /** Whether the reply may come before the rows are stored. */
  respondAsync?: boolean;
  signal?: AbortSignal;
}

export interface RequestOptions {
  method?: string;
  query?: object;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal | undefined;
}

/** Every batch is looked at this often while it is waited for, at first. */
const LOOK_MS = 100;
const LOOK_AT_MOST_MS = 5000;

/**
 * Calls a service of Tripgrid. A request that got no reply, or a reply that asks to come again, is sent again; posts of
 * trips carry an idempotency key, so their trips are stored once all the same.
 */
export class TripgridClient {
  readonly #options: ClientOptions;
  readonly #url: string;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = options.url.replace(/\/+$/, "");
  }

  /**
   * Sends trips. A receipt in the state `committed` is final; one that is `queued` or `running` is followed by `waitFor`.
   *
   * @throws TripgridError if nothing was stored: no row is a trip, or the request is not understood
   */
  async sendTrips(trips: readonly NativeTrip[] | string | Uint8Array, options: SendOptions = {}): Promise<Receipt> {
    const isRaw = typeof trips === "string" || trips instanceof Uint8Array;
    const { mapping, identity, contentType = isRaw ? undefined : "application/json", signal } = options;
    return this.json<Receipt>("/v1/trips", {
      method: "POST",
      query: { mapping, identity },
      headers: {
        "idempotency-key": options.idempotencyKey ?? randomUUID(),
        ...(contentType === undefined ? {} : { "content-type": contentType }),
        ...(options.respondAsync ? { prefer: "respond-async" } : {}),
      },
      body: isRaw ? trips : JSON.stringify(trips),
      signal,
    });
  }

  /** The receipt of a batch as it is now. Undefined: there is no such batch. */
  batch(batchId: string, signal?: AbortSignal): Promise<Receipt | undefined> {
    return this.found<Receipt>(`/v1/batches/${encodeURIComponent(batchId)}`, { signal });
  }

  /** Waits until a batch is committed or has failed. */
  async waitFor(batchId: string, signal?: AbortSignal): Promise<Receipt> {
    for (let wait = LOOK_MS; ; wait = Math.min(wait * 2, LOOK_AT_MOST_MS)) {
      const receipt = await this.batch(batchId, signal);
      if (!receipt) throw new Error(`There is no batch ${batchId}.`);
      if (receipt.state !== "queued" && receipt.state !== "running") return receipt;
      await sleep(wait, undefined, signal ? { signal } : {});
    }
  }

  /** How many trips a week, on average, in an area. */
  weeklyAverages(question: WeeklyQuestion, signal?: AbortSignal): Promise<WeeklyAnswer> {
    return this.json("/v1/weekly-averages", { query: question, signal });
  }

  /** Counts by one or two of region, source, week, hour, weekday, driver or an attribute. */
  countTrips(by: string, filters: Record<string, string> = {}, signal?: AbortSignal): Promise<Counts> {
    return this.json("/v1/trips/count", { query: { by, ...filters }, signal });
  }

  /** Whether the service can do its work. Asks once. */
  async isReady(): Promise<boolean> {
    const reply = await this.#send("/readyz", {}).catch(() => undefined);
    await reply?.body?.cancel();
    return reply?.ok === true;
  }

  /**
   * Sends a request to any address and reads its JSON.
   *
   * @throws TripgridError if the reply is an error
   */
  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const { onRetry } = this.#options;
    const reply = await withRetries(() => this.#send(path, options), this.#options, options.signal, onRetry);
    const text = await reply.text();
    if (!reply.ok) throw new TripgridError(problemOf(reply, text));
    return JSON.parse(text) as T;
  }

  /** As `json`, but undefined if there is nothing at the address. */
  async found<T>(path: string, options: RequestOptions = {}): Promise<T | undefined> {
    try {
      return await this.json<T>(path, options);
    } catch (error) {
      if (error instanceof TripgridError && error.problem.status === 404) return undefined;
      throw error;
    }
  }

  #send(path: string, { method = "GET", query = {}, headers = {}, body, signal }: RequestOptions): Promise<Response> {
    const { key, timeoutMs = 120_000, fetch: send = fetch } = this.#options;
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given as [string, string][])}`;
    const late = AbortSignal.timeout(timeoutMs);
    return send(`${this.#url}${path}${search}`, {
      method,
      headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
      signal: signal ? AbortSignal.any([signal, late]) : late,
      ...(body === undefined ? {} : { body: body as string }),
    });
  }
}

/** The problem of a reply. A proxy may have written another body. */
function problemOf(reply: Response, text: string): Problem {
  try {
    const problem = JSON.parse(text) as Problem;
    if (typeof problem.code === "string") return problem;
  } catch {
    // It is no JSON.
  }
  const detail = `The reply is a ${reply.status} that does not come from Tripgrid.`;
  return { type: "about:blank", title: reply.statusText, status: reply.status, code: "unknown", detail };
}
