import type { Kysely } from "kysely";
import type { Transaction } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import { AppError } from "../errors.ts";
import { placeZone } from "../geo/place-zone.ts";
import { lockCorrections } from "../storage/corrections-lock.db.ts";
import { insertTrips } from "../storage/insert-trips.db.ts";
import { raiseNoAlerts } from "../storage/raise-no-alerts.db.ts";
import { inTransaction, type Store } from "../storage/trip-transaction.db.ts";
import type { SentTime } from "../time/time-parts.ts";
import { pointColumns, storedTrip, storedTripColumns } from "../trips/stored-trip.db.ts";
import type { StoredTrip } from "../trips/trip.ts";
import { severalTrips, type TripAddress } from "../trips/trips.ts";
import { forgetRepeated, localTimesOf, rememberCancelled, removeTrip, wasCancelled } from "./cancel-trip.db.ts";
import { type Corrected, disagreement, type Replacement } from "./correction.ts";

/**
 * Stores a trip in the place of the trip that the address names, or of the trip with its own identity. If the replaced
 * trip began at another time, its identity is remembered among the cancelled ones: the trip has moved, and a late copy
 * does not bring it back. The new trip's own identity is no longer cancelled.
 *
 * @param db builds the query that reads the trip again
 * @throws AppError invalid_body, not_found, ambiguous_trip, database_unavailable
 */
export async function replaceTrip(
  store: Store,
  db: Kysely<DB>,
  address: TripAddress,
  replacement: Replacement,
): Promise<Corrected> {
  return inTransaction(store, [replacement.trip.startedAt], async (tx) => {
    await lockCorrections(tx, address.tripId);
    const { startedAt, localTime } = await timesFrom(tx, replacement);
    const times = await localTimesOf(tx, address);
    const replaced = await timeOfReplaced(tx, address, times, localTime);

    const created = replaced === undefined && !times.includes(localTime);
    if (!created) await raiseNoAlerts(tx);
    if (replaced !== undefined && replaced !== localTime) {
      const removed = await removeTrip(tx, address, replaced);
      await forgetRepeated(tx, address, replaced);
      await rememberCancelled(tx, address, replaced, removed);
    }
    await removeTrip(tx, address, localTime);
    await forgetRepeated(tx, address, localTime);
    await forgetCancelled(tx, address, localTime);
    const trips = [{ row: 1, trip: { ...replacement.trip, startedAt } }];
    const [done] = await insertTrips(tx, [{ trips }], store.memory);
    if (done?.closed.size) throw weekRetired(store.memory.closedBefore ?? "");
    return { trip: await readAgain(tx, db, address, localTime), created };
  });
}

/**
 * The start of the trip, by the wall clock at its origin. A trip that was read brings both times. Around a clock
 * change, one time does not determine the other, so the time that leads to both is taken.
 */
async function timesFrom(
  tx: Transaction,
  { trip, localTime: said = undefined }: Replacement,
): Promise<{ startedAt: SentTime; localTime: string }> {
  const { kind, text } = trip.startedAt;
  const [times] = await tx<{ local_time: string; is_said: boolean | null; said_starts: boolean | null }[]>`
    select local_time, local_time = said as is_said, said at time zone zone = start as said_starts
    from (select ${kind === "naive" ? text : null}::timestamp as local, ${kind === "instant" ? text : null}::timestamptz as start,
                 ${said ?? null}::timestamp as said) sent
    left join tripgrid.regions r on r.name = ${trip.region ?? null}
    cross join tripgrid.settings s
    cross join lateral (select coalesce(r.time_zone, s.time_zone, ${placeZone(trip.origin)}) as zone) z
    cross join lateral (select coalesce(local, start at time zone zone) as local_time) t`;
  if (!times) throw new Error("the database holds no settings");
  if (said === undefined || times.is_said) return { startedAt: trip.startedAt, localTime: times.local_time };
  if (times.said_starts) return { startedAt: { kind: "naive", text: said }, localTime: said };
  const error = disagreement(said, times.local_time);
  throw new AppError("invalid_body", `${error.field}: ${error.detail}`, { errors: [error] });
}

/** The local time of the trip to be replaced. Undefined: no such trip exists. */
async function timeOfReplaced(
  tx: Transaction,
  address: TripAddress,
  times: readonly string[],
  localTime: string,
): Promise<string | undefined> {
  const named = address.localTime;
  if (named === undefined) {
    if (times.includes(localTime)) return localTime;
    if (times.length > 1) throw severalTrips(times);
    return times[0];
  }
  if (times.includes(named)) return named;
  // A cancelled trip may come back at another time. This may also be a repeated request that has moved the trip
  // already.
  if (named === localTime || (await wasCancelled(tx, address))) return undefined;
  const { source, tripId } = address;
  throw new AppError("not_found", `There is no trip ${tripId} of the source ${source} at ${named}.`);
}

async function forgetCancelled(tx: Transaction, { source, tripId }: TripAddress, localTime: string): Promise<void> {
  await tx`
    delete from tripgrid.cancelled_trips
    where source = ${source} and trip_id = ${tripId} and local_time = ${localTime}::timestamp`;
}

function weekRetired(closedBefore: string): AppError {
  const detail = `Trips that began before ${closedBefore} are not taken, and none of them changes any more: only what was counted of these weeks is kept.`;
  return new AppError("week_retired", detail, { closed_before: closedBefore });
}

async function readAgain(
  tx: Transaction,
  db: Kysely<DB>,
  { source, tripId }: TripAddress,
  localTime: string,
): Promise<StoredTrip> {
  const query = db
    .selectFrom("trips")
    .select(storedTripColumns)
    .select(pointColumns)
    .where("source", "=", source)
    .where("trip_id", "=", tripId)
    .where("local_time", "=", localTime)
    .compile();
  const [row] = await tx.unsafe<Parameters<typeof storedTrip>[0][]>(query.sql, query.parameters as string[]);
  if (row) return storedTrip(row);
  // The region's time zone was changed in between, so the trip began at another local time. The whole transaction runs
  // again.
  throw Object.assign(new Error("a corrected trip is not where it was stored"), { code: "40001" });
}
