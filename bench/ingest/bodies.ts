import { csvChunks } from "../../src/demo/csv.ts";
import { generateTrips } from "../../src/demo/generate.ts";
import type { Trip } from "../../src/trips/trip.ts";

export const FORMATS = { json: "application/json", ndjson: "application/x-ndjson", csv: "text/csv" } as const;
export type Format = keyof typeof FORMATS;

/** A request's body, ready to be sent. */
export interface Body {
  bytes: Buffer;
  type: string;
  trips: number;
}

/** A year of trips; the same ones for the same count. */
export const trips = (count: number) => generateTrips({ seed: 1, trips: count, from: "2025-01-06", weeks: 52 });

/** The first trips of a year of `of`, in bodies of a given number each. The last one may hold fewer. */
export function bodiesOf(format: Format, { of, take, each }: { of: number; take: number; each: number }): Body[] {
  const bodies: Body[] = [];
  let rows: Trip[] = [];
  let taken = 0;
  const flush = () => {
    if (rows.length > 0) bodies.push({ bytes: encode(format, rows), type: FORMATS[format], trips: rows.length });
    rows = [];
  };
  for (const trip of trips(of)) {
    if (taken++ === take) break;
    if (rows.push(trip) === each) flush();
  }
  flush();
  return bodies;
}

function encode(format: Format, rows: readonly Trip[]): Buffer {
  if (format === "csv") return Buffer.from([...csvChunks(rows)].join(""));
  if (format === "ndjson") return Buffer.from(rows.map((trip) => `${JSON.stringify(asSent(trip))}\n`).join(""));
  return Buffer.from(JSON.stringify(rows.length === 1 ? asSent(rows[0] as Trip) : rows.map(asSent)));
}

/** A trip as a client writes it. */
function asSent(trip: Trip) {
  return {
    trip_id: trip.tripId,
    source: trip.source,
    region: trip.region,
    started_at: trip.startedAt.text,
    ended_at: trip.endedAt?.text,
    origin: trip.origin,
    destination: trip.destination,
    distance_m: trip.distanceM,
    duration_s: trip.durationS,
    driver_id: trip.driverId,
    rider_id: trip.riderId,
    vehicle_model: trip.vehicleModel,
    attributes: trip.attributes,
  };
}
