import { createHash } from "node:crypto";
import type { IdentifiedTrip, Trip } from "./trip.ts";

/**
 * Gives a trip without an id one that is made from its content, so that the same row sent again is a duplicate. The id
 * is the first 128 bits of SHA-256 over the canonical JSON of the normalised trip, attributes included, in base64url.
 *
 * @param row with `identity=row`, text that tells equal rows apart, so that they are different trips
 */
export function withId(trip: Trip, row?: string): IdentifiedTrip {
  if (trip.tripId !== undefined) return trip as IdentifiedTrip;
  const hash = createHash("sha256").update(canonical(row === undefined ? trip : { ...trip, row }));
  return { ...trip, tripId: hash.digest().subarray(0, 16).toString("base64url"), idFromContent: true };
}

/** JSON with sorted keys and without undefined members: equal content gives equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(",")}}`;
}
