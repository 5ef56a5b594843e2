import { randomUUID } from "node:crypto";
import type { Receipt } from "../../../src/batches/receipt.ts";

/** A request whose rows are like no other's, and what its sender knows of it. */
export interface SentRequest {
  key: string;
  type: string;
  body: string;
  rows: number;
  /** How many of its rows are no trips. */
  bad: number;
  respondAsync: boolean;
  /** What it was told: of a 200 the final receipt, of a 202 one that will be. None: it has no reply, and asks again. */
  receipt?: Receipt;
}

/** One row in so many is no trip. */
const BAD_ONE_IN = 40;

/**
 * A request of so many rows. They carry no ids and count as different trips whatever they say, so that only its key keeps
 * it from being stored twice; the driver names the row.
 */
export function makeRequest(rows: number, form: "json" | "ndjson" | "csv", respondAsync = false): SentRequest {
  const key = randomUUID();
  const all = Array.from({ length: rows }, (_, i) => ({
    source: "fire",
    started_at: `20${10 + (i % 4)}-05-21T08:00:00`,
    driver_id: `${key}/${i}`,
    lon: 7.67,
    lat: isBad(i) ? 131 : 45.05,
  }));
  const asJson = all.map(({ lon, lat, ...row }) => JSON.stringify({ ...row, origin: [lon, lat] }));
  const head = { key, rows, bad: all.filter((_, i) => isBad(i)).length, respondAsync };
  if (form === "json") return { ...head, type: "application/json", body: `[${asJson.join(",")}]` };
  if (form === "ndjson") return { ...head, type: "application/x-ndjson", body: asJson.join("\n") };
  return { ...head, type: "text/csv", body: csvOf(all) };
}

const isBad = (i: number) => i % BAD_ONE_IN === BAD_ONE_IN - 1;

function csvOf(rows: { source: string; started_at: string; driver_id: string; lon: number; lat: number }[]): string {
  const lines = rows.map((row) => [row.source, row.started_at, row.driver_id, row.lon, row.lat].join(","));
  return `source,started_at,driver_id,origin_lon,origin_lat\n${lines.join("\n")}\n`;
}

/** What a receipt must say of a request, whenever and however often it was sent. */
export const expectedCounts = ({ rows, bad }: Pick<SentRequest, "rows" | "bad">) => ({
  received: rows,
  inserted: rows - bad,
  duplicates: 0,
  rejected: bad,
});

/** Posts a request; undefined if there is no reply, or one that says to ask again. */
export async function postRequest(url: string, sent: SentRequest): Promise<Receipt | undefined> {
  const headers: Record<string, string> = { "content-type": sent.type, "idempotency-key": sent.key };
  if (sent.respondAsync) headers.prefer = "respond-async";
  const reply = await fetch(`${url}/v1/trips?identity=row`, { method: "POST", headers, body: sent.body })
    .then(async (response) => ({ status: response.status, headers: response.headers, text: await response.text() }))
    .catch(() => undefined);
  if (!reply) return undefined;
  if (reply.status === 429 || reply.status === 503) {
    if (!(Number(reply.headers.get("retry-after")) > 0)) throw new Error(`${reply.status} without Retry-After`);
    return undefined;
  }
  if (reply.status !== 200 && reply.status !== 202) throw new Error(`${reply.status}: ${reply.text}`);
  return JSON.parse(reply.text) as Receipt;
}
