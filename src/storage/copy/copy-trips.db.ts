import type { Transaction } from "../../database/client.ts";
import { BinaryRows } from "./binary-rows.ts";
import { copyRows } from "./copy-rows.db.ts";
import type { TimedTrip } from "./timed-trips.db.ts";

const COPY = `copy tripgrid.trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
  source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local) from stdin with (format binary)`;
const COLUMNS = 17;

/**
 * Copies trips that are believed to be new. In one run with 200,000 trips COPY took 10 µs per trip, INSERT ... ON
 * CONFLICT 28 µs.
 *
 * @returns whether they are stored; if not, at least one of them is stored already or breaks a rule of the table
 */
export async function copyTrips(tx: Transaction, trips: readonly TimedTrip[]): Promise<boolean> {
  const rows = new BinaryRows();
  for (const { row, local, started, ended, booked } of trips) {
    const { trip } = row;
    rows.startRow(COLUMNS);
    rows.timestamp(local);
    rows.timestamp(started);
    rows.timestamp(ended);
    rows.timestamp(booked);
    rows.float8(trip.durationS ?? duration(started, ended));
    rows.float8(trip.distanceM);
    rows.point(trip.origin);
    rows.point(trip.destination);
    rows.text(trip.source);
    rows.text(trip.tripId);
    rows.text(trip.region);
    rows.text(trip.driverId);
    rows.text(trip.riderId);
    rows.text(trip.vehicleModel);
    rows.jsonb(trip.attributes && JSON.stringify(trip.attributes));
    rows.int4(row.batch);
    rows.boolean(trip.startedAt.kind === "naive");
  }
  try {
    return await copyRows(tx, COPY, rows.finish());
  } finally {
    rows.release();
  }
}

/** The duration in seconds. Undefined for a trip that ends before it starts. */
const duration = (started: number, ended: number | undefined) =>
  ended !== undefined && ended >= started ? (ended - started) / 1_000_000 : undefined;
