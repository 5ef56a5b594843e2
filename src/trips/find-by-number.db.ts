import { type Kysely, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import type { Bound } from "../kit/bounds.ts";
import { pointColumns, storedTrip, storedTripColumns } from "./stored-trip.db.ts";
import type { StoredTrip } from "./trip.ts";
import { placeOfNumber } from "./trip-number.ts";

/** The first two trips with a number (`trip-number.ts`), of all trips or of those within a bound. */
export async function findByNumber(
  db: Kysely<DB>,
  number: number,
  { source, region }: Bound = {},
): Promise<StoredTrip[]> {
  const { second, share } = placeOfNumber(number);
  return translateErrors(async () => {
    const rows = await db
      .selectFrom("trips")
      .select(storedTripColumns)
      .select(pointColumns)
      .where("local_time", ">=", second)
      .where("local_time", "<", sql<string>`${second}::timestamp + interval '1 second'`)
      .where(
        sql<number>`('x' || left(encode(sha256(convert_to(source || chr(10) || trip_id, 'UTF8')), 'hex'), 5))::bit(20)::int`,
        "=",
        share,
      )
      .$if(source !== undefined, (query) => query.where("source", "=", source ?? ""))
      .$if(region !== undefined, (query) => query.where("region", "=", region ?? ""))
      .orderBy("source")
      .orderBy("trip_id")
      .limit(2)
      .execute();
    return rows.map(storedTrip);
  });
}
