import { type Sql, translateErrors } from "../database/client.ts";
import type { DataState } from "./tiles.ts";

/**
 * Reads in which state the data are. A write of trips adds a row to `pending_weeks` in its own transaction, and the
 * refresh that takes rows away counts itself, so no two states with different trips are alike.
 */
export async function readDataState(sql: Sql): Promise<DataState> {
  return translateErrors(async () => {
    const [row] = await sql<{ version: string; retired_before: string | null }[]>`
      select concat_ws(' ', s.min_trips, s.shows_trips, s.retired_before, t.refreshes, p.ids, r.names) as version,
             nullif(s.retired_before, '-infinity')::text as retired_before
      from tripgrid.settings s, tripgrid_internal.totals_state t,
           (select coalesce(sum(hashint8extended(id, 0)), 0)::text as ids from tripgrid_internal.pending_weeks) p,
           (select coalesce(sum(hashtextextended(concat(name, ' ', updated_at), 0)), 0)::text as names from tripgrid.regions) r`;
    if (!row) throw new Error("tripgrid.settings has no row");
    return { version: row.version, retiredBefore: row.retired_before };
  });
}
