import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Receipt } from "../../../src/batches/receipt.ts";
import { type Answered, ask } from "./ask.ts";
import { TRIP } from "./trip.ts";

/** Posts a body of trips. */
export function post(url: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Answered> {
  return ask(url, {
    method: "POST",
    path: "/v1/trips",
    headers: { "content-type": "application/json", ...headers },
    body,
    timeoutMs: 120_000,
  });
}

/** One good trip, as a body. */
export const oneTrip = (more: Record<string, unknown> = {}) =>
  JSON.stringify({ ...TRIP, trip_id: randomUUID(), ...more });

/** Stores trips of as many drivers, one a row. */
export async function fill(url: string, count: number, headers: Record<string, string> = {}): Promise<void> {
  for (let from = 0; from < count; from += 10_000) {
    const rows = Array.from({ length: Math.min(10_000, count - from) }, (_, i) => {
      const n = from + i;
      const origin = [7.5 + (n % 400) / 1000, 45 + ((n * 7) % 400) / 1000];
      const day = String(1 + (n % 28)).padStart(2, "0");
      const hour = String(n % 24).padStart(2, "0");
      const started_at = `2024-05-${day}T${hour}:00:00`;
      return JSON.stringify({ ...TRIP, trip_id: `${n}`, driver_id: `d${n}`, duration_s: n % 5000, started_at, origin });
    });
    const reply = await post(url, rows.join("\n"), { "content-type": "application/x-ndjson", ...headers });
    if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text.slice(0, 500)}`);
  }
}

/** The final receipt of a batch; a reply that names no batch is one. */
export async function finalReceipt(url: string, reply: Answered, withinMs = 120_000): Promise<Receipt | undefined> {
  if (reply.status !== 202) return undefined;
  const { batch_id } = JSON.parse(reply.text) as Receipt;
  const end = performance.now() + withinMs;
  for (;;) {
    const { status, text } = await ask(url, { path: `/v1/batches/${batch_id}` });
    if (status === 200) {
      const receipt = JSON.parse(text) as Receipt;
      if (receipt.state === "committed" || receipt.state === "failed") return receipt;
    }
    if (performance.now() > end) throw new Error(`The batch ${batch_id} is not done: ${status} ${text.slice(0, 300)}`);
    await sleep(200);
  }
}
