import type { Kysely } from "kysely";
import type { StoredTrip } from "../trip.ts";
import { translateErrors } from "./client.ts";
import type { DB } from "./schema.ts";
import { pointColumns, storedTrip, storedTripColumns } from "./stored-trip.ts";

/** Every trip of a source with this id, by time; only the one at `localTime` if that is given. */
export async function findTrips(
  db: Kysely<DB>,
  source: string,
  tripId: string,
  localTime?: string,
): Promise<StoredTrip[]> {
  return translateErrors(async () => {
    const rows = await db
      .selectFrom("trips")
      .select(storedTripColumns)
      .select(pointColumns)
      .where("source", "=", source)
      .where("trip_id", "=", tripId)
      .$if(localTime !== undefined, (query) => query.where("local_time", "=", localTime ?? ""))
      .orderBy("local_time")
      .limit(1000)
      .execute();
    return rows.map(storedTrip);
  });
}
