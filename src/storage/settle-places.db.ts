import type { Sql } from "../database/client.ts";
import { PLACES } from "../geo/place-zone.ts";
import type { Memory } from "./insert-trips.db.ts";

/**
 * Settles how places become time zones: which zones the database knows, and which map of them its trips rely on. The
 * map is noted when a database is first used with one.
 *
 * @param warn told if the database was used with another map before
 */
export async function settlePlaces(sql: Sql, memory: Memory, warn: (warning: string) => void): Promise<void> {
  const rows = await sql<{ name: string }[]>`select name from pg_timezone_names`;
  memory.names.zones = new Set(rows.map(({ name }) => name));
  const [settings] = await sql<{ places: string }[]>`
    update tripgrid.settings set places = coalesce(places, ${PLACES}) returning places`;
  if (!settings || settings.places === PLACES) return;
  warn(
    `The map of time zones is ${PLACES}, but the database was first used with ${settings.places}. A trip near a border of zones may get another local time when it is sent again, and is then another trip.`,
  );
}
