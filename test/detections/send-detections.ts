import type { Receipt } from "../../src/batches/receipt.ts";
import type { StatsBy, StoredDetection } from "../../src/detections/detections.ts";
import { call, type Reply } from "../harness/api.ts";

interface Addressed {
  url: string;
}

/** A detection as a sender writes it. */
export const seen = (more: Record<string, unknown> = {}) => ({
  ...{ Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV" },
  ...more,
});

/** Posts detections: text as it is, anything else as JSON. */
export function sendDetections<T = Receipt>(
  service: Addressed,
  body: unknown,
  { type = "application/json", query = "", headers = {} as Record<string, string> } = {},
): Promise<Reply<T>> {
  return call<T>(service, `/v1/detections${query}`, {
    method: "POST",
    headers: { "content-type": type, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

export interface Page {
  detections: StoredDetection[];
  total: number;
  total_is_exact: boolean;
  next_cursor: string | null;
}

export const page = async (service: Addressed, query = ""): Promise<Page> =>
  (await call<Page>(service, `/v1/detections?${query}`)).body;

/** The counts as pairs, in the order of the answer. */
export async function stats(service: Addressed, by: StatsBy, query = ""): Promise<[string | number | null, number][]> {
  const { body } = await call<{ counts: Record<string, string | number | null>[] }>(
    service,
    `/v1/detections/stats?by=${by}&${query}`,
  );
  return body.counts.map((count) => [count[by] as string | number | null, count.detections as number]);
}
