import type { Transaction } from "../../database/client.ts";
import { DAY_US, dayOf, microsecondOf } from "../../time/date-math.ts";
import type { SentTime } from "../../time/time-parts.ts";
import type { Names, PlacedRow } from "./register-names.db.ts";
import { loadOffsets, offsetsIn, type ZoneOffsets } from "./zone-offsets.db.ts";

/**
 * A trip with its times as PostgreSQL stores them, in microseconds since 1970. `local` is the wall clock at the origin.
 */
export interface TimedTrip<Row = PlacedRow> {
  row: Row;
  local: number;
  started: number;
  ended: number | undefined;
  booked: number | undefined;
}

/**
 * Finds local times and instants without the database if no clock change is near. They equal the results of `AT TIME
 * ZONE`: see `loadOffsets`.
 *
 * @returns the trips with times that were found, and the others, which only the database can resolve
 */
export async function timeTrips<Row extends Pick<PlacedRow, "trip" | "place">>(
  tx: Transaction,
  rows: readonly Row[],
  { zoneOf }: Names,
  offsets: ZoneOffsets,
): Promise<{ timed: TimedTrip<Row>[]; others: Row[] }> {
  const zones = rows.map(zoneOf);
  await loadOffsets(tx, offsets, unknownDays(rows, zones, offsets));
  const timed: TimedTrip<Row>[] = [];
  const others: Row[] = [];
  for (const [i, row] of rows.entries()) {
    const { trip } = row;
    const known = offsetsIn(offsets, zones[i] ?? "");
    const started = instantOf(trip.startedAt, known);
    const ended = trip.endedAt && instantOf(trip.endedAt, known);
    const booked = trip.bookedAt && instantOf(trip.bookedAt, known);
    const local = localOf(trip.startedAt, known);
    if (started === null || ended === null || booked === null || local === null) others.push(row);
    else timed.push({ row, local, started, ended, booked });
  }
  return { timed, others };
}

function unknownDays(
  rows: readonly Pick<PlacedRow, "trip">[],
  zones: readonly string[],
  offsets: ZoneOffsets,
): { zone: string; day: number }[] {
  const unknown = new Map<string, { zone: string; day: number }>();
  const look = (time: SentTime | undefined, zone: string, known: Known) => {
    if (!time) return;
    const day = dayOf(time.text);
    if (!known.has(day)) unknown.set(`${day} ${zone}`, { zone, day });
  };
  for (const [i, { trip }] of rows.entries()) {
    const zone = zones[i] ?? "";
    const known = offsetsIn(offsets, zone);
    look(trip.startedAt, zone, known);
    look(trip.endedAt, zone, known);
    look(trip.bookedAt, zone, known);
  }
  return [...unknown.values()];
}

type Known = ReadonlyMap<number, number | null>;

function instantOf({ kind, text }: SentTime, known: Known): number | null {
  const day = dayOf(text);
  const clock = day * DAY_US + microsecondOf(text);
  // An instant may also name the zone of its clock. The database reads such an instant.
  if (kind === "instant") return text.endsWith("+00:00") ? clock : null;
  const offset = known.get(day) ?? null;
  return offset === null ? null : clock - offset;
}

function localOf({ kind, text }: SentTime, known: Known): number | null {
  const day = dayOf(text);
  const clock = day * DAY_US + microsecondOf(text);
  if (kind === "naive") return clock;
  const offset = known.get(day) ?? null;
  return offset === null ? null : clock + offset;
}
