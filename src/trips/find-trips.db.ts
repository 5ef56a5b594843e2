import type { Kysely } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import { pointColumns, storedTrip, storedTripColumns } from "./stored-trip.db.ts";
import type { StoredTrip } from "./trip.ts";

/**
 * The first two trips of a source with this id, by time. If `localTime` is given, only the trip at that time, and if
 * `region` is given, only trips that carry it.
 */
export async function findTrips(
  db: Kysely<DB>,
  source: string,
  tripId: string,
  localTime?: string,
  region?: string,
): Promise<StoredTrip[]> {
  return translateErrors(async () => {
    const rows = await db
      .selectFrom("trips")
      .select(storedTripColumns)
      .select(pointColumns)
      .where("source", "=", source)
      .where("trip_id", "=", tripId)
      .$if(localTime !== undefined, (query) => query.where("local_time", "=", localTime ?? ""))
      .$if(region !== undefined, (query) => query.where("region", "=", region ?? ""))
      .orderBy("local_time")
      .limit(2)
      .execute();
    return rows.map(storedTrip);
  });
}

/** The start times of the first 1,000 trips with this source and id, in order, as the wall clock at their origins. */
export async function findLocalTimes(
  db: Kysely<DB>,
  source: string,
  tripId: string,
  region?: string,
): Promise<string[]> {
  return translateErrors(async () => {
    const rows = await db
      .selectFrom("trips")
      .select("local_time")
      .where("source", "=", source)
      .where("trip_id", "=", tripId)
      .$if(region !== undefined, (query) => query.where("region", "=", region ?? ""))
      .orderBy("local_time")
      .limit(1000)
      .execute();
    return rows.map((row) => row.local_time);
  });
}
