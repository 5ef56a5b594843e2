import type { Sql } from "./client.ts";

/** What may not be learnt from a database: groups of fewer trips, and single trips where they are not shown. */
export interface Privacy {
  minTrips: number;
  showTrips: boolean;
}

/**
 * Has the database withhold what may not be learnt from it: it is the same for all who ask it, by HTTP or by SQL, so of several
 * services with different settings the one that started last decides.
 */
export async function setPrivacy(sql: Sql, { minTrips, showTrips }: Privacy): Promise<void> {
  await sql`
    update tripgrid.settings set min_trips = ${minTrips}, shows_trips = ${showTrips}
    where min_trips <> ${minTrips} or shows_trips <> ${showTrips}`;
}
