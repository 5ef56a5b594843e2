import { sql } from "kysely";
import type { Point } from "../geo/point.ts";
import type { StoredTrip } from "./trip.ts";

/** The columns of a trip as it is shown. */
export const storedTripColumns = [
  "trip_id",
  "source",
  "region",
  "local_time",
  "started_at",
  "ended_at",
  "booked_at",
  "duration_s",
  "distance_m",
  "o_cell as origin_cell",
  "d_cell as destination_cell",
  "driver_id",
  "rider_id",
  "vehicle_model",
  "attributes",
] as const;

export const pointColumns = [
  sql<number>`st_x(origin)`.as("o_lon"),
  sql<number>`st_y(origin)`.as("o_lat"),
  sql<number | null>`st_x(destination)`.as("d_lon"),
  sql<number | null>`st_y(destination)`.as("d_lat"),
] as const;

type Row = Omit<StoredTrip, "origin" | "destination" | "attributes" | "origin_cell"> & {
  o_lon: number;
  o_lat: number;
  d_lon: number | null;
  d_lat: number | null;
  origin_cell: string | null;
  attributes: unknown;
};

/** A row of these columns as a trip. */
export function storedTrip({ o_lon, o_lat, d_lon, d_lat, ...row }: Row): StoredTrip {
  const destination: Point | null = d_lon === null || d_lat === null ? null : [d_lon, d_lat];
  return {
    ...row,
    origin: [o_lon, o_lat],
    destination,
    origin_cell: row.origin_cell ?? "",
    attributes: (row.attributes ?? {}) as Record<string, unknown>,
  };
}
