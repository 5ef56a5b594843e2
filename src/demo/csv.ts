import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Trip } from "../trip.ts";

const CHUNK_CHARS = 65_536;
/** How many trips are looked at for the names of their attributes before the header is written: less than a chunk. */
const LOOK_AHEAD = 250;
const COLUMNS = [
  ...["trip_id", "source", "region", "started_at", "ended_at"],
  ...["origin_lon", "origin_lat", "destination_lon", "destination_lat"],
  ...["distance_m", "duration_s", "driver_id", "rider_id", "vehicle_model"],
];
/** Names that a native CSV file reads as something else than an attribute. */
const TAKEN = new Set([...COLUMNS, "booked_at", "origin", "destination", "attributes"]);

/**
 * Trips as native CSV, in chunks of about 64 K characters: a header, then a line for each trip. Points are longitude
 * and latitude in degrees with 6 decimals, distances metres, durations seconds. Times stand as they were sent, those in
 * local time without an offset. Attributes follow as columns of their own, sorted by name.
 *
 * The header names the attributes of the first 250 trips. A trip that the columns cannot carry (another attribute later
 * on, one named like a column, a `bookedAt`) throws an Error rather than losing something on its way.
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
 * Writes trips to a native CSV file, replacing what it held, no faster than the disk takes them: memory is bounded
 * however many there are. If it fails, the file is left as far as it got.
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

/** A value as one cell: quoted if a reader would take it apart or trim it. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
