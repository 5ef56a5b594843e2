import { type Kysely, sql } from "kysely";
import type { Cursor, TripFilters, TripPage } from "../trips.ts";
import { translateErrors } from "./client.ts";
import type { DB } from "./schema.ts";
import { pointColumns, storedTrip, storedTripColumns } from "./stored-trip.ts";
import { checkBoundary, tripFilters } from "./trip-filters.ts";

/** A page of trips, newest first, after the trip that the cursor names. */
export async function listTrips(
  db: Kysely<DB>,
  filters: TripFilters,
  limit: number,
  after?: Cursor,
): Promise<TripPage> {
  return translateErrors(async () => {
    await checkBoundary(db, filters);
    const rows = await db
      .selectFrom("trips")
      .select(storedTripColumns)
      .select(pointColumns)
      .where((eb) => tripFilters(eb, filters))
      .$if(after !== undefined, (query) =>
        query.where(
          sql<boolean>`(local_time, source, trip_id) < (${after?.localTime}::timestamp, ${after?.source}, ${after?.tripId})`,
        ),
      )
      .orderBy("local_time", "desc")
      .orderBy("source", "desc")
      .orderBy("trip_id", "desc")
      // One more than asked for tells whether there is another page.
      .limit(limit + 1)
      .execute();
    const trips = rows.slice(0, limit).map(storedTrip);
    const last = trips.at(-1);
    const next =
      rows.length > limit && last
        ? { localTime: last.local_time, source: last.source, tripId: last.trip_id }
        : undefined;
    return { trips, next };
  });
}
