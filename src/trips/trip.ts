import { z } from "zod";
import { Point } from "../geo/point.ts";
import { Instant, LocalTime } from "../time/instant.ts";
import type { SentTime } from "../time/time-parts.ts";

/** A row that is a trip, in the same form for every input format. Distances are metres, durations are seconds. */
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

export interface IdentifiedTrip extends Trip {
  tripId: string;
  /** Whether the id was made from the content. */
  idFromContent?: boolean;
}

/** A trip as it is stored. */
export const StoredTrip = z
  .object({
    trip_id: z.string(),
    source: z.string(),
    region: z.string().nullable(),
    local_time: LocalTime,
    started_at: Instant,
    ended_at: Instant.nullable(),
    booked_at: Instant.nullable(),
    duration_s: z.number().nullable(),
    distance_m: z.number().nullable(),
    origin: Point,
    destination: Point.nullable(),
    origin_cell: z.string(),
    destination_cell: z.string().nullable(),
    driver_id: z.string().nullable(),
    rider_id: z.string().nullable(),
    vehicle_model: z.string().nullable(),
    attributes: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Trip" });
export type StoredTrip = z.infer<typeof StoredTrip>;
