import { BinaryRows } from "./binary-rows.ts";
import type { Transaction } from "./client.ts";
import { copyRows } from "./copy-rows.ts";
import type { TimedTrip } from "./timed-trips.ts";

const COPY = `copy tripgrid.trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
  source, trip_id, region, driver_id, rider_id, vehicle_model, attributes) from stdin with (format binary)`;
const COLUMNS = 15;

/**
 * Copies trips that are believed to be new. In one run with 200,000 trips COPY took 10 µs a trip, INSERT ... ON CONFLICT 28.
 *
 * @returns whether they are stored; if not, at least one of them is there already, or breaks a rule of the table
 */
export async function copyTrips(tx: Transaction, trips: readonly TimedTrip[]): Promise<boolean> {
  const rows = new BinaryRows();
  for (const { trip, local, started, ended, booked } of trips) {
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
  }
  try {
    return await copyRows(tx, COPY, rows.finish());
  } finally {
    rows.release();
  }
}

/** Seconds; a trip that ends before it starts has none. */
const duration = (started: number, ended: number | undefined) =>
  ended !== undefined && ended >= started ? (ended - started) / 1_000_000 : undefined;
