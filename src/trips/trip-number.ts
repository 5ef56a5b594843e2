import { createHash } from "node:crypto";
import type { Cursor } from "./trips.ts";

/** Numbers begin with the seconds since this moment, so that no trip before 2172 has one beyond 2^53. */
const SINCE_MS = Date.UTC(1900, 0, 1);
/** The numbers that trips of one second share. */
export const PER_SECOND = 2 ** 20;

/**
 * The number of a trip, for clients that know trips by a number. It is made from the trip's identity, so it needs no
 * storage and never changes. Two trips that begin in the same second have the same one with a chance of one to a
 * million.
 */
export function tripNumber({ localTime, source, tripId }: Cursor): number {
  const seconds = (Date.parse(`${localTime.slice(0, 19)}Z`) - SINCE_MS) / 1000;
  return seconds * PER_SECOND + shareOf(source, tripId);
}

/**
 * Where to look for the trips of a number: their second, as the wall clock at their origins, and the share of their
 * source and id.
 */
export function placeOfNumber(number: number): { second: string; share: number } {
  const seconds = Math.floor(number / PER_SECOND);
  const second = new Date(SINCE_MS + seconds * 1000).toISOString().slice(0, 19);
  return { second, share: number - seconds * PER_SECOND };
}

/** The first 20 bits of SHA-256 over source and id. `find-by-number.db.ts` computes the same in SQL. */
const shareOf = (source: string, tripId: string): number =>
  createHash("sha256").update(`${source}\n${tripId}`).digest().readUIntBE(0, 3) >> 4;
