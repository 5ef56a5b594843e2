import type { SentTime } from "../time.ts";
import type { Transaction } from "./client.ts";
import { DAY_US, dayOf, microsecondOf } from "./clock.ts";
import type { Names, Rows } from "./names.ts";
import { learnOffsets, offsetsIn, type ZoneOffsets } from "./zone-offsets.ts";

/** A trip with its times as PostgreSQL stores them, in microseconds since 1970; `local` is the wall clock at the origin. */
export interface TimedTrip {
  row: number;
  trip: Rows[number]["trip"];
  local: number;
  started: number;
  ended: number | undefined;
  booked: number | undefined;
}

/**
 * Finds local times and instants without the database, where no clock change is near. They equal what `AT TIME ZONE`
 * makes of them: see `learnOffsets`.
 *
 * @returns the trips whose times are found, and the others, whose times only the database can tell
 */
export async function timeTrips(
  tx: Transaction,
  rows: Rows,
  { zoneOf }: Names,
  offsets: ZoneOffsets,
): Promise<{ timed: TimedTrip[]; others: Rows }> {
  await learnOffsets(tx, offsets, unknownDays(rows, zoneOf, offsets));
  const timed: TimedTrip[] = [];
  const others: Rows[number][] = [];
  for (const { row, trip } of rows) {
    const known = offsetsIn(offsets, zoneOf(trip.region));
    const started = instantOf(trip.startedAt, known);
    const ended = trip.endedAt && instantOf(trip.endedAt, known);
    const booked = trip.bookedAt && instantOf(trip.bookedAt, known);
    const local = localOf(trip.startedAt, known);
    if (started === null || ended === null || booked === null || local === null) others.push({ row, trip });
    else timed.push({ row, trip, local, started, ended, booked });
  }
  return { timed, others };
}

function unknownDays(rows: Rows, zoneOf: Names["zoneOf"], offsets: ZoneOffsets): { zone: string; day: number }[] {
  const unknown = new Map<string, { zone: string; day: number }>();
  const look = (time: SentTime | undefined, zone: string, known: Known) => {
    if (!time) return;
    const day = dayOf(time.text);
    if (!known.has(day)) unknown.set(`${day} ${zone}`, { zone, day });
  };
  for (const { trip } of rows) {
    const zone = zoneOf(trip.region);
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
  // An instant may also name the zone that its clock is in, which the database reads.
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
