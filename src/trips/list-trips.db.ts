import { type Kysely, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import { pointColumns, storedTrip, storedTripColumns } from "./stored-trip.db.ts";
import { checkBoundary, tripFilters } from "./trip-filters.db.ts";
import type { Cursor, TripFilters, TripPage } from "./trips.ts";

/** A page ends with the trip at which the attributes, as text, reach this many bytes. */
const BYTES_A_PAGE = 4 * 1024 * 1024;

/** A page of trips, newest first, after the trip that the cursor names. */
export async function listTrips(
  db: Kysely<DB>,
  filters: TripFilters,
  limit: number,
  after?: Cursor,
): Promise<TripPage> {
  return translateErrors(async () => {
    await checkBoundary(db, filters);
    const first = db
      .selectFrom("trips")
      .selectAll()
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
      .limit(limit + 1);
    const rows = await db
      .selectFrom(
        db
          .selectFrom(first.as("first"))
          .selectAll()
          .select([sql<number>`count(*) over ()`.as("found"), bytesBefore.as("bytes_before")])
          .as("trips"),
      )
      .select(storedTripColumns)
      .select(pointColumns)
      .select("found")
      .where("bytes_before", "<", BYTES_A_PAGE)
      .orderBy("local_time", "desc")
      .orderBy("source", "desc")
      .orderBy("trip_id", "desc")
      .execute();
    const found = rows[0]?.found ?? 0;
    const trips = rows.slice(0, limit).map(({ found: _, ...row }) => storedTrip(row));
    const last = trips.at(-1);
    const next =
      found > trips.length && last
        ? { localTime: last.local_time, source: last.source, tripId: last.trip_id }
        : undefined;
    return { trips, next };
  });
}

/** Bytes of the attributes of all earlier trips on the same page. */
const bytesBefore = sql<number>`
  coalesce(sum(octet_length(attributes::text)) over (
    order by local_time desc, source desc, trip_id desc rows between unbounded preceding and 1 preceding), 0)`;
