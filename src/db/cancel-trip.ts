import { severalTrips, type TripAddress } from "../correction.ts";
import { type Sql, type Transaction, translateErrors } from "./client.ts";
import { lockCorrections } from "./corrections-lock.ts";

/**
 * Removes a trip and remembers its identity among the cancelled ones, so that a late copy does not bring it back.
 *
 * @returns whether there is such a trip, or was one that has been cancelled before
 * @throws AppError several_trips, database_unavailable
 */
export async function cancelTrip(sql: Sql, address: TripAddress): Promise<boolean> {
  return translateErrors(
    async () =>
      (await sql.begin(async (tx) => {
        await lockCorrections(tx, address.tripId);
        const times = await localTimesOf(tx, address);
        const { localTime = times[0] } = address;
        if (localTime === undefined) return wasCancelled(tx, address);
        if (!times.includes(localTime)) return wasCancelled(tx, address);
        if (address.localTime === undefined && times.length > 1) throw severalTrips(times);
        await removeTrip(tx, address, localTime);
        await rememberCancelled(tx, address, localTime);
        return true;
      })) as boolean,
  );
}

/** When the trips with this source and id began, in their order, as the wall clock at their origins. */
export async function localTimesOf(tx: Transaction, { source, tripId }: TripAddress): Promise<string[]> {
  const rows = await tx<{ local_time: string }[]>`
    select local_time from tripgrid.trips where source = ${source} and trip_id = ${tripId} order by local_time`;
  return rows.map((row) => row.local_time);
}

/** Removes a trip by its whole identity, which leads to the one partition that holds it. */
export async function removeTrip(tx: Transaction, { source, tripId }: TripAddress, localTime: string): Promise<void> {
  await tx`
    delete from tripgrid.trips where source = ${source} and trip_id = ${tripId} and local_time = ${localTime}::timestamp`;
}

/** Lets no copy of the trip in any more. */
export async function rememberCancelled(
  tx: Transaction,
  { source, tripId }: TripAddress,
  localTime: string,
): Promise<void> {
  await tx`
    insert into tripgrid.cancelled_trips (source, trip_id, local_time)
    values (${source}, ${tripId}, ${localTime}::timestamp) on conflict (source, trip_id, local_time) do nothing`;
}

/** Whether a trip of this address was cancelled, at whatever time if it names none. */
export async function wasCancelled(tx: Transaction, { source, tripId, localTime }: TripAddress): Promise<boolean> {
  const [cancelled] = await tx`
    select from tripgrid.cancelled_trips where source = ${source} and trip_id = ${tripId}
      and (${localTime ?? null}::timestamp is null or local_time = ${localTime ?? null}::timestamp) limit 1`;
  return cancelled !== undefined;
}
