import type { OwnLimits } from "./principal.ts";
import type { RequestRecord } from "./request-record.ts";
import { type Buckets, createBuckets, type Filling } from "./token-bucket.ts";

/** What one client may take a second, on average over a window. 0: as much as it likes. */
export interface Rates {
  requestsPerS: number;
  /** Rows that it sends, and rows of the replies. */
  rowsPerS: number;
  /** Bytes that it sends, and bytes of the replies, on the wire. */
  bytesPerS: number;
  /** The size of a bucket, in seconds of its rate: what a client may take at once. 10 by default. */
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
   * @param own the limits of the client's own
   * @returns why it is refused, if the client has taken too much. It is no Error, since thousands may come at once
   */
  enter(record: RequestRecord, client: string, own?: OwnLimits): OverRate | undefined;
  /** Counts bytes of the request or its reply that have moved. */
  move(record: RequestRecord, bytes: number): void;
  /** Counts the rows, which were not known when the request came. */
  leave(record: RequestRecord): void;
  /** The items of the fields `RateLimit-Policy` and `RateLimit` for the client of a request. */
  fields(record: RequestRecord | undefined): { policy: string; state: string } | undefined;
}

/** What limits a client: the units that have a limit, and the field `RateLimit-Policy` that says so. */
interface Limited {
  units: { unit: Unit; filling: Filling }[];
  policy: string;
}

/**
 * @param rates the limits of every client that has none of its own
 * @param now milliseconds of a clock that only goes forward
 */
export function createClientRates(rates: Rates, now?: () => number): ClientRates {
  const { windowS = WINDOW_S } = rates;
  const buckets: Record<Unit, Buckets> = {
    requests: createBuckets(now),
    rows: createBuckets(now),
    bytes: createBuckets(now),
  };
  const standard = limitedBy(rates, windowS);
  const ofKeys = new WeakMap<OwnLimits, Limited>();
  const limitedOf = (own: OwnLimits | undefined): Limited => {
    if (!own) return standard;
    const known = ofKeys.get(own);
    if (known) return known;
    const { requestsPerS = rates.requestsPerS, rowsPerS = rates.rowsPerS, bytesPerS = rates.bytesPerS } = own;
    const limited = limitedBy({ requestsPerS, rowsPerS, bytesPerS }, windowS);
    ofKeys.set(own, limited);
    return limited;
  };
  const take = ({ countedFor: client, ownLimits }: RequestRecord, of: Unit, taken: number) => {
    if (client === undefined || taken <= 0) return;
    const limit = limitedOf(ownLimits).units.find(({ unit }) => unit === of);
    if (limit) buckets[of].take(client, taken, limit.filling);
  };

  return {
    enter: (record, client, own) => {
      if (record.countedFor !== undefined) return undefined;
      record.countedFor = client;
      record.ownLimits = own;
      for (const { unit, filling } of limitedOf(own).units) {
        const waitS = buckets[unit].waitS(client, filling);
        if (waitS === 0) continue;
        const detail = `That is more than ${filling.perS} ${unit} a second, over ${windowS} s.`;
        return { detail, retryAfterSeconds: waitS };
      }
      take(record, "requests", 1);
      return undefined;
    },
    move: (record, moved) => take(record, "bytes", moved),
    leave: (record) => take(record, "rows", record.rows ?? 0),
    fields: (record) => {
      const client = record?.countedFor;
      const { units, policy } = limitedOf(record?.ownLimits);
      if (client === undefined || units.length === 0) return undefined;
      const state = units.map(({ unit, filling }) => {
        const waitS = buckets[unit].waitS(client, filling);
        const left = Math.max(0, Math.floor(buckets[unit].level(client, filling)));
        return `"${unit}";r=${left}${waitS > 0 ? `;t=${waitS}` : ""}`;
      });
      return { policy, state: state.join(", ") };
    },
  };
}

function limitedBy({ requestsPerS, rowsPerS, bytesPerS }: Rates, windowS: number): Limited {
  const perS: Record<Unit, number> = { requests: requestsPerS, rows: rowsPerS, bytes: bytesPerS };
  const units = UNITS.filter((unit) => perS[unit] > 0).map((unit) => ({
    unit,
    filling: { perS: perS[unit], size: perS[unit] * windowS },
  }));
  const policy = units
    .map(({ unit, filling }) => `"${unit}";q=${Math.floor(filling.size + 1e-6)};w=${windowS}${UNIT_NAMES[unit]}`)
    .join(", ");
  return { units, policy };
}
