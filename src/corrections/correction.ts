import type { FieldError } from "../errors.ts";
import type { IdentifiedTrip, StoredTrip } from "../trips/trip.ts";
import type { TripAddress } from "../trips/trips.ts";

/** A trip as it is now. `created`: it replaced no trip. */
export interface Corrected {
  trip: StoredTrip;
  created: boolean;
}

/**
 * Replaces a trip by the sender's version, or stores a trip that does not exist yet.
 *
 * @param body a native trip as JSON, or a trip as it was read
 * @throws AppError invalid_body, not_found, ambiguous_trip
 */
export type CorrectTrip = (address: TripAddress, body: unknown) => Promise<Corrected>;

/** A trip to be stored in the place of another one. */
export interface Replacement {
  trip: IdentifiedTrip;
  /** The local time that the sender gives beside the start. The two must agree. */
  localTime: string | undefined;
}

export type ReplaceTrip = (address: TripAddress, replacement: Replacement) => Promise<Corrected>;

/**
 * Removes a trip and remembers its identity, so a late copy does not bring it back; with `forget`, the identity becomes
 * free again.
 *
 * @returns whether the trip exists, or existed before
 * @throws AppError ambiguous_trip
 */
export type CancelTrip = (address: TripAddress, forget: boolean) => Promise<boolean>;

/** `local_time` and `started_at` of one trip are two times. */
export const disagreement = (localTime: string, expected: string): FieldError => ({
  field: "local_time",
  detail: `expected ${expected}, which is when started_at is, or nothing, but got ${localTime}`,
});
