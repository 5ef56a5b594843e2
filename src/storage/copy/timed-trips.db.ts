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
  const timesOf = (row: Row) => timesIn(row, offsetsIn(offsets, zoneOf(row)));
  let times = rows.map(timesOf);
  // A process that has stored some trips knows nearly all days.
  if (times.includes(undefined)) {
    await loadOffsets(tx, offsets, unknownDays(rows, zoneOf, offsets));
    times = rows.map(timesOf);
  }
  const others = rows.filter((_, i) => !times[i]);
  return { timed: others.length === 0 ? (times as TimedTrip<Row>[]) : times.filter((one) => !!one), others };
}

/** The offsets of one zone, by day. */
type Known = ReadonlyMap<number, number | null>;

/** The times of a trip. Null: only the database can resolve one. Undefined: the offset of a day is not known yet. */
function timesIn<Row extends Pick<PlacedRow, "trip">>(row: Row, known: Known): TimedTrip<Row> | null | undefined {
  const { startedAt, endedAt, bookedAt } = row.trip;
  const day = dayOf(startedAt.text);
  const offset = known.get(day);
  if (typeof offset !== "number") return offset;
  const clock = day * DAY_US + microsecondOf(startedAt.text);
  const isNaive = startedAt.kind === "naive";
  if (!isNaive && !isUtc(startedAt.text)) return null;
  const ended = endedAt && instantOf(endedAt, known);
  const booked = bookedAt && instantOf(bookedAt, known);
  if (ended === null || booked === null) return null;
  if ((endedAt && ended === undefined) || (bookedAt && booked === undefined)) return undefined;
  return { row, local: isNaive ? clock : clock + offset, started: isNaive ? clock - offset : clock, ended, booked };
}

/** An instant may also name the zone of its clock. The database reads such an instant. */
const isUtc = (text: string) => text.endsWith("+00:00");

function instantOf({ kind, text }: SentTime, known: Known): number | null | undefined {
  const day = dayOf(text);
  const clock = day * DAY_US + microsecondOf(text);
  if (kind === "instant") return isUtc(text) ? clock : null;
  const offset = known.get(day);
  return typeof offset === "number" ? clock - offset : offset;
}

function unknownDays<Row extends Pick<PlacedRow, "trip" | "place">>(
  rows: readonly Row[],
  zoneOf: (row: Row) => string,
  offsets: ZoneOffsets,
): { zone: string; day: number }[] {
  const unknown = new Map<string, { zone: string; day: number }>();
  for (const row of rows) {
    const zone = zoneOf(row);
    const known = offsetsIn(offsets, zone);
    for (const time of [row.trip.startedAt, row.trip.endedAt, row.trip.bookedAt]) {
      const day = time && dayOf(time.text);
      if (day !== undefined && !known.has(day)) unknown.set(`${day} ${zone}`, { zone, day });
    }
  }
  return [...unknown.values()];
}
