import type { Receipt } from "../../src/batches/receipt.ts";
import type { TripPage } from "../../src/trips/trips.ts";
import { givesSecrets, lookForSecrets } from "./leaks.ts";

/** What the tests of this folder send and read. */
export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface Problem {
  status: number;
  code: string;
  detail: string;
  errors?: { field: string; detail: string }[];
  [more: string]: unknown;
}

interface Addressed {
  url: string;
}

/** Calls the API and reads the reply as JSON, if there is any. */
export async function call<T = Problem>(service: Addressed, path: string, init: RequestInit = {}): Promise<Reply<T>> {
  const reply = await fetch(service.url + path, init);
  const text = await reply.text();
  if (!givesSecrets(path)) lookForSecrets(`the reply to ${init.method ?? "GET"} ${path}`, text);
  return { status: reply.status, headers: reply.headers, body: (text === "" ? undefined : JSON.parse(text)) as T };
}

/** Calls the API with a JSON body. */
export function callJson<T = Problem>(
  service: Addressed,
  method: string,
  path: string,
  body: unknown,
): Promise<Reply<T>> {
  const headers = { "content-type": "application/json" };
  return call<T>(service, path, { method, headers, body: JSON.stringify(body) });
}

export interface SendOptions {
  /** None: `text/plain`, which says nothing. */
  type?: string;
  /** Such as `verdicts=all`. */
  query?: string;
  headers?: Record<string, string>;
}

/** Posts a body of trips: text and bytes as they are, anything else as JSON. */
export function send<T = Receipt>(service: Addressed, body: unknown, options: SendOptions = {}): Promise<Reply<T>> {
  const raw = typeof body === "string" || body instanceof Uint8Array;
  const type = options.type ?? (raw ? undefined : "application/json");
  return call<T>(service, `/v1/trips${options.query ? `?${options.query}` : ""}`, {
    method: "POST",
    headers: { ...(type ? { "content-type": type } : {}), ...options.headers },
    body: (raw ? body : JSON.stringify(body)) as string,
  });
}

/** Posts trips that must all be new. */
export async function sendNew(service: Addressed, trips: object[]): Promise<Receipt> {
  const { body } = await send(service, trips);
  if (body.inserted !== trips.length) throw new Error(`Not all were inserted: ${JSON.stringify(body)}`);
  return body;
}

/** A native trip: all that one needs, and what the test is about. */
export function trip(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { source: "test", started_at: "2018-05-21T08:00:00", origin: [7.67, 45.05], ...more };
}

/** How many trips of a source there are; none if the service does not know it. */
export async function countOf(service: Addressed, source: string): Promise<number> {
  const { status, body } = await call<{ total: number }>(
    service,
    `/v1/trips/count?by=source&source=${encodeURIComponent(source)}`,
  );
  return status === 404 ? 0 : body.total;
}

/** The ids of all trips that a list gives, page by page. */
export async function listIds(service: Addressed, query: string, between?: () => Promise<unknown>): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { status, body }: Reply<TripPage & { next_cursor: string | null }> = await call(
      service,
      `/v1/trips?${query}${cursor && `&cursor=${cursor}`}`,
    );
    if (status === 404) return ids;
    ids.push(...body.trips.map((one) => one.trip_id));
    cursor = body.next_cursor;
    await between?.();
  }
  return ids;
}

/** A GeoJSON polygon from its rings; they need not be closed. */
export function polygon(...rings: [number, number][][]) {
  return { type: "Polygon" as const, coordinates: rings.map((ring) => [...ring, ring[0] as [number, number]]) };
}

/** The four corners of a box. */
export const corners = (west: number, south: number, east: number, north: number): [number, number][] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
];

/** The geohash of a point, by halving: what the database's cells are held against. */
export function geohash(lon: number, lat: number, length = 7): string {
  const ranges: [[number, number], [number, number]] = [
    [-180, 180],
    [-90, 90],
  ];
  let bits = 0;
  let hash = "";
  for (let i = 0; i < length * 5; i++) {
    const range = ranges[i % 2 === 0 ? 0 : 1];
    const middle = (range[0] + range[1]) / 2;
    const upper = (i % 2 === 0 ? lon : lat) >= middle;
    range[upper ? 0 : 1] = middle;
    bits = bits * 2 + (upper ? 1 : 0);
    if (i % 5 === 4) {
      hash += "0123456789bcdefghjkmnpqrstuvwxyz"[bits];
      bits = 0;
    }
  }
  return hash;
}

/** For how many weeks trips are kept, for weeks before this Monday to be retired now. It must be one that begins a partition. */
export const keepWeeksFor = (monday: string): number =>
  Math.floor((Date.now() - Date.parse(`${monday}T00:00:00Z`)) / (7 * 86_400_000));
