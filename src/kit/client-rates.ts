import type { RequestRecord } from "./request-record.ts";
import { type Buckets, createBuckets } from "./token-bucket.ts";

/** What one client may take a second, on average over a window. 0: as much as it likes. */
export interface Rates {
  requestsPerS: number;
  /** Rows that it sends, and rows of the replies. */
  rowsPerS: number;
  /** Bytes that it sends, and bytes of the replies, on the wire. */
  bytesPerS: number;
  /** A client may take so many seconds' worth at once. 10 unless told. */
  windowS?: number;
}

export const WINDOW_S = 10;

const UNITS = ["requests", "rows", "bytes"] as const;
type Unit = (typeof UNITS)[number];
/** The units as draft-ietf-httpapi-ratelimit-headers names them; requests need no name, rows have none there. */
const UNIT_NAMES: Record<Unit, string> = { requests: "", rows: ';qu="rows"', bytes: ';qu="content-bytes"' };

export interface OverRate {
  detail: string;
  retryAfterSeconds: number;
}

/** Limits what each client takes. A client is a credential, or without one an address. */
export interface ClientRates {
  /**
   * Counts a request for a client, and notes in its record who it is counted for. A request is counted once.
   *
   * @returns why it is refused, if the client has taken too much. It is no Error, since thousands may come at once
   */
  enter(record: RequestRecord, client: string): OverRate | undefined;
  /** Counts bytes of the request or its reply that have moved. */
  move(record: RequestRecord, bytes: number): void;
  /** Counts the rows, which were not known when the request came. */
  leave(record: RequestRecord): void;
  /** The items of the fields `RateLimit-Policy` and `RateLimit` for the client of a request. */
  fields(record: RequestRecord | undefined): { policy: string; state: string } | undefined;
}

/**
 * @param rates the limits of every client
 * @param now milliseconds of a clock that only goes forward
 */
export function createClientRates(rates: Rates, now?: () => number): ClientRates {
  const { windowS = WINDOW_S } = rates;
  const perS: Record<Unit, number> = { requests: rates.requestsPerS, rows: rates.rowsPerS, bytes: rates.bytesPerS };
  const limited = UNITS.filter((unit) => perS[unit] > 0).map((unit) => ({
    unit,
    perS: perS[unit],
    buckets: createBuckets(perS[unit], perS[unit] * windowS, now),
  }));
  const bucketsOf = (unit: Unit): Buckets | undefined => limited.find((one) => one.unit === unit)?.buckets;
  const [requests, rows, bytes] = UNITS.map(bucketsOf);
  const policy = limited
    .map(({ unit, perS }) => `"${unit}";q=${Math.floor(perS * windowS + 1e-6)};w=${windowS}${UNIT_NAMES[unit]}`)
    .join(", ");

  return {
    enter: (record, client) => {
      if (record.countedFor !== undefined) return undefined;
      record.countedFor = client;
      for (const { unit, perS, buckets } of limited) {
        const waitS = buckets.waitS(client);
        if (waitS === 0) continue;
        return { detail: `That is more than ${perS} ${unit} a second, over ${windowS} s.`, retryAfterSeconds: waitS };
      }
      requests?.take(client, 1);
      return undefined;
    },
    move: ({ countedFor: client }, moved) => {
      if (client !== undefined && moved > 0) bytes?.take(client, moved);
    },
    leave: ({ countedFor: client, rows: taken = 0 }) => {
      if (client !== undefined && taken > 0) rows?.take(client, taken);
    },
    fields: (record) => {
      const client = record?.countedFor;
      if (client === undefined || limited.length === 0) return undefined;
      const state = limited.map(({ unit, buckets }) => {
        const waitS = buckets.waitS(client);
        return `"${unit}";r=${Math.max(0, Math.floor(buckets.level(client)))}${waitS > 0 ? `;t=${waitS}` : ""}`;
      });
      return { policy, state: state.join(", ") };
    },
  };
}
