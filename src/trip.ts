import type { Point } from "./point.ts";
import type { SentTime } from "./time.ts";

/** A row that is a trip, in one form whatever it was sent in. Distances are metres, durations seconds. */
export interface Trip {
  /** Absent until `withId` makes one from the content. */
  tripId: string | undefined;
  source: string;
  region: string | undefined;
  startedAt: SentTime;
  endedAt: SentTime | undefined;
  bookedAt: SentTime | undefined;
  durationS: number | undefined;
  distanceM: number | undefined;
  origin: Point;
  destination: Point | undefined;
  driverId: string | undefined;
  riderId: string | undefined;
  vehicleModel: string | undefined;
  attributes: Record<string, unknown> | undefined;
}

export type IdentifiedTrip = Trip & { tripId: string };

/** A trip as it is stored. `localTime` is the wall clock at the origin, without offset; the other times are instants. */
export interface StoredTrip {
  trip_id: string;
  source: string;
  region: string | null;
  local_time: string;
  started_at: string;
  ended_at: string | null;
  booked_at: string | null;
  duration_s: number | null;
  distance_m: number | null;
  origin: Point;
  destination: Point | null;
  origin_cell: string;
  destination_cell: string | null;
  driver_id: string | null;
  rider_id: string | null;
  vehicle_model: string | null;
  attributes: Record<string, unknown>;
}
