import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Trip } from "../trips/trip.ts";

const CHUNK_CHARS = 65_536;
/** The number of trips that are searched for names of attributes before the header is written: less than a chunk. */
const LOOK_AHEAD = 250;
const COLUMNS = [
  ...["trip_id", "source", "region", "started_at", "ended_at"],
  ...["origin_lon", "origin_lat", "destination_lon", "destination_lat"],
  ...["distance_m", "duration_s", "driver_id", "rider_id", "vehicle_model"],
];
/** Names that a native CSV file does not read as attributes. */
const TAKEN = new Set([...COLUMNS, "booked_at", "origin", "destination", "attributes"]);

/**
 * Writes trips as native CSV, in chunks of about 64 K characters: a header, then a line for each trip. Points are
 * longitude and latitude in degrees with 6 decimals, distances are metres, durations are seconds. Times are written as
 * they were sent, local times without an offset. Attributes follow as separate columns, sorted by name.
 *
 * The header names the attributes of the first 250 trips. The function throws an Error for a trip that would lose data:
 * one with another attribute later on, with an attribute named like a column, or with a `bookedAt`.
 */
export function* csvChunks(trips: Iterable<Trip>): Generator<string> {
  const ahead: Trip[] = [];
  let names: Set<string> | undefined;
  let chunk = "";
  const begin = () => {
    const attributes = new Set(ahead.flatMap((trip) => Object.keys(trip.attributes ?? {})).sort());
    for (const name of attributes) if (TAKEN.has(name)) throw new Error(`an attribute is named like a column: ${name}`);
    chunk = `${[...COLUMNS, ...[...attributes].map(cell)].join(",")}\n`;
    for (const trip of ahead) chunk += line(trip, attributes);
    return attributes;
  };
  for (const trip of trips) {
    if (names) chunk += line(trip, names);
    else if (ahead.push(trip) === LOOK_AHEAD) names = begin();
    if (chunk.length >= CHUNK_CHARS) {
      yield chunk;
      chunk = "";
    }
  }
  if (!names) begin();
  if (chunk) yield chunk;
}

/**
 * Writes trips to a native CSV file and replaces its contents. It writes no faster than the disk accepts data, so
 * memory is bounded for any number of trips. After a failure, the file keeps the part that was written.
 */
export async function writeCsv(path: string, trips: Iterable<Trip>): Promise<{ trips: number; bytes: number }> {
  const written = { trips: 0, bytes: 0 };
  const counted = function* () {
    for (const trip of trips) {
      written.trips++;
      yield trip;
    }
  };
  const encoded = function* () {
    for (const chunk of csvChunks(counted())) {
      const bytes = Buffer.from(chunk);
      written.bytes += bytes.length;
      yield bytes;
    }
  };
  // One chunk at a time: the default reads sixteen ahead.
  await pipeline(Readable.from(encoded(), { highWaterMark: 1 }), createWriteStream(path));
  return written;
}

function line(trip: Trip, names: ReadonlySet<string>): string {
  if (trip.bookedAt) throw new Error(`no column for when trip ${trip.tripId} was booked`);
  let text = `${cell(trip.tripId)},${cell(trip.source)},${cell(trip.region)}`;
  text += `,${trip.startedAt.text},${trip.endedAt?.text ?? ""}`;
  text += `,${degrees(trip.origin[0])},${degrees(trip.origin[1])}`;
  text += trip.destination ? `,${degrees(trip.destination[0])},${degrees(trip.destination[1])}` : ",,";
  text += `,${trip.distanceM ?? ""},${trip.durationS ?? ""}`;
  text += `,${cell(trip.driverId)},${cell(trip.riderId)},${cell(trip.vehicleModel)}`;
  for (const name of names) text += `,${cell(trip.attributes?.[name])}`;
  for (const name in trip.attributes) {
    if (!names.has(name)) throw new Error(`no column for attribute ${name} of trip ${trip.tripId}`);
  }
  return `${text}\n`;
}

const degrees = (coordinate: number) => coordinate.toFixed(6);

/** A value as one cell, in quotes if a reader would split or trim it. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
