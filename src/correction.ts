import { AppError, type FieldError } from "./errors.ts";
import type { IdentifiedTrip, StoredTrip } from "./trip.ts";

/** Which trip is corrected; without `localTime` the only one of the source that has the id. */
export interface TripAddress {
  source: string;
  tripId: string;
  localTime: string | undefined;
}

/** A trip as it is now; `created`: there was none before that it could replace. */
export interface Corrected {
  trip: StoredTrip;
  created: boolean;
}

/**
 * Replaces a trip by what a sender says of it, or stores one that is not there.
 *
 * @param body a native trip as JSON, or a trip as it was read
 * @throws AppError invalid_body, not_found, several_trips
 */
export type CorrectTrip = (address: TripAddress, body: unknown) => Promise<Corrected>;

/** A trip to be stored in the place of another one. */
export interface Replacement {
  trip: IdentifiedTrip;
  /** What the sender says that its local time is, beside when it started; the two must agree. */
  localTime: string | undefined;
}

export type ReplaceTrip = (address: TripAddress, replacement: Replacement) => Promise<Corrected>;

/**
 * Removes a trip and remembers its identity, so that a late copy does not bring it back.
 *
 * @returns whether there is, or was, such a trip
 * @throws AppError several_trips
 */
export type CancelTrip = (address: TripAddress) => Promise<boolean>;

/** The id alone does not tell which trip is meant. */
export const severalTrips = (localTimes: readonly string[]): AppError =>
  new AppError("several_trips", "The id was used at several times: choose one with local_time.", {
    local_times: localTimes,
  });

/** `local_time` and `started_at` of one trip are two times. */
export const disagreement = (localTime: string, expected: string): FieldError => ({
  field: "local_time",
  detail: `expected ${expected}, which is when started_at is, or nothing, but got ${localTime}`,
});
