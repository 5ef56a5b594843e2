import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { lockCorrections } from "../storage/corrections-lock.db.ts";
import { severalTrips, type TripAddress } from "../trips/trips.ts";

/**
 * Removes a trip and remembers its identity among the cancelled ones, so a late copy does not bring it back.
 *
 * @param forget whether its identity becomes free again instead, also that of a trip that was cancelled before
 * @returns whether the trip exists, or was cancelled before
 * @throws AppError ambiguous_trip, database_unavailable
 */
export async function cancelTrip(sql: Sql, address: TripAddress, forget = false): Promise<boolean> {
  return translateErrors(
    async () =>
      (await sql.begin(async (tx) => {
        await lockCorrections(tx, address.tripId);
        const times = await localTimesOf(tx, address);
        const { localTime = times[0] } = address;
        if (localTime === undefined || !times.includes(localTime)) {
          return forget ? forgetCancelled(tx, address) : wasCancelled(tx, address);
        }
        if (address.localTime === undefined && times.length > 1) throw severalTrips(times);
        const removed = await removeTrip(tx, address, localTime);
        await forgetRepeated(tx, address, localTime);
        if (!forget) await rememberCancelled(tx, address, localTime, removed);
        return true;
      })) as boolean,
  );
}

/** The start times of the trips with this source and id, sorted, as the wall clock at their origins. */
export async function localTimesOf(tx: Transaction, { source, tripId }: TripAddress): Promise<string[]> {
  const rows = await tx<{ local_time: string }[]>`
    select local_time from tripgrid.trips where source = ${source} and trip_id = ${tripId} order by local_time`;
  return rows.map((row) => row.local_time);
}

/**
 * Removes a trip by its whole identity. The identity selects the one partition that holds the trip.
 *
 * @returns the number of the batch that had brought it, and its region
 */
export async function removeTrip(
  tx: Transaction,
  { source, tripId }: TripAddress,
  localTime: string,
): Promise<Removed> {
  const [removed] = await tx<Removed[]>`
    delete from tripgrid.trips where source = ${source} and trip_id = ${tripId} and local_time = ${localTime}::timestamp
    returning batch, region`;
  return removed ?? { batch: null, region: null };
}

interface Removed {
  batch: number | null;
  region: string | null;
}

/** A cancelled or corrected trip is not replaced by a copy of it that another batch had sent. */
export async function forgetRepeated(
  tx: Transaction,
  { source, tripId }: TripAddress,
  localTime: string,
): Promise<void> {
  await tx`
    delete from tripgrid.repeated_trips
    where source = ${source} and trip_id = ${tripId} and local_time = ${localTime}::timestamp`;
}

/** Frees the identity of a trip that was cancelled. Returns whether there was one. */
async function forgetCancelled(tx: Transaction, { source, tripId, localTime }: TripAddress): Promise<boolean> {
  const gone = await tx`
    delete from tripgrid.cancelled_trips where source = ${source} and trip_id = ${tripId}
      and (${localTime ?? null}::timestamp is null or local_time = ${localTime ?? null}::timestamp) returning 1`;
  return gone.length > 0;
}

/** Remembers the trip as cancelled, so no copy of it is stored any more. */
export async function rememberCancelled(
  tx: Transaction,
  { source, tripId }: TripAddress,
  localTime: string,
  { batch, region }: Removed,
): Promise<void> {
  await tx`
    insert into tripgrid.cancelled_trips (source, trip_id, local_time, batch, region)
    values (${source}, ${tripId}, ${localTime}::timestamp, ${batch}, ${region}) on conflict (source, trip_id, local_time) do nothing`;
}

/** Whether a trip of this address was cancelled. Without a time in the address, any time matches. */
export async function wasCancelled(tx: Transaction, { source, tripId, localTime }: TripAddress): Promise<boolean> {
  const [cancelled] = await tx`
    select from tripgrid.cancelled_trips where source = ${source} and trip_id = ${tripId}
      and (${localTime ?? null}::timestamp is null or local_time = ${localTime ?? null}::timestamp) limit 1`;
  return cancelled !== undefined;
}
