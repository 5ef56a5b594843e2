import type { Transaction } from "../../database/client.ts";
import { checkVersion, type KnownNames, type PlacedRow } from "./register-names.db.ts";
import type { TimedTrip } from "./timed-trips.db.ts";

/** The first of equal trips, and all firsts in the order of identities: source, trip id, local time. */
interface Firsts<Row> {
  firsts: TimedTrip<Row>[];
  firstOf: (trip: TimedTrip<Row>) => TimedTrip<Row> | undefined;
}

/** The trips with one id, each with a local time of its own: nearly always a single one, which needs no list. */
type OfId<Row> = TimedTrip<Row> | TimedTrip<Row>[];

const atTime = <Row>(ofId: OfId<Row> | undefined, at: number): TimedTrip<Row> | undefined => {
  if (Array.isArray(ofId)) return ofId.find(({ local }) => local === at);
  return ofId?.local === at ? ofId : undefined;
};

/**
 * Finds the first of each identity. Maps in maps need no text of a whole identity. Sorting texts is faster than comparing
 * fields.
 */
export function firstOfEach<Row extends PlacedRow>(trips: readonly TimedTrip<Row>[]): Firsts<Row> {
  const bySource = new Map<string, Map<string, OfId<Row>>>();
  let count = 0;
  for (const timed of trips) {
    const { source, tripId } = timed.row.trip;
    const ofSource = bySource.get(source) ?? new Map<string, OfId<Row>>();
    if (ofSource.size === 0) bySource.set(source, ofSource);
    const ofId = ofSource.get(tripId);
    if (!ofId) ofSource.set(tripId, timed);
    else if (atTime(ofId, timed.local)) continue;
    else if (Array.isArray(ofId)) ofId.push(timed);
    else ofSource.set(tripId, [ofId, timed]);
    count++;
  }
  const firsts: TimedTrip<Row>[] = new Array(count);
  let at = 0;
  for (const source of [...bySource.keys()].sort()) {
    const ofSource = bySource.get(source) as Map<string, OfId<Row>>;
    for (const tripId of [...ofSource.keys()].sort()) {
      const ofId = ofSource.get(tripId) as OfId<Row>;
      if (!Array.isArray(ofId)) firsts[at++] = ofId;
      else for (const one of ofId.sort((a, b) => a.local - b.local)) firsts[at++] = one;
    }
  }
  const firstOf: Firsts<Row>["firstOf"] = ({ row: { trip }, local }) =>
    atTime(bySource.get(trip.source)?.get(trip.tripId), local);
  return { firsts, firstOf };
}

/** The trips without those that their senders cancelled. */
export async function withoutCancelled<Row extends PlacedRow>(
  tx: Transaction,
  trips: readonly TimedTrip<Row>[],
  known: KnownNames,
): Promise<readonly TimedTrip<Row>[]> {
  const sources = [...new Set(trips.map(({ row }) => row.trip.source))];
  const [there] = await tx<{ any: boolean; version: number }[]>`
    select exists (select from tripgrid.cancelled_trips where source = any (${sources})) as any, names_version as version
    from tripgrid.settings`;
  checkVersion(known, there?.version ?? 0);
  if (!there?.any) return trips;
  const rows = await tx<{ source: string; trip_id: string; local: number }[]>`
    select source, trip_id, (extract(epoch from local_time) * 1000000)::bigint as local
    from tripgrid.cancelled_trips c
    join unnest(${trips.map(({ row }) => row.trip.source)}::text[], ${trips.map(({ row }) => row.trip.tripId)}::text[])
      sent (source, trip_id) using (source, trip_id)`;
  const cancelled = new Set(rows.map((c) => identity(c.source, c.trip_id, c.local)));
  return trips.filter(({ row: { trip }, local }) => !cancelled.has(identity(trip.source, trip.tripId, local)));
}

const identity = (source: string, tripId: string, local: number) => `${source}\0${tripId}\0${local}`;
