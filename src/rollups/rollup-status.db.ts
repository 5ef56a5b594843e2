import { type Sql, translateErrors } from "../database/client.ts";
import type { RollupStatus } from "./rollups.ts";

/** Calls `tripgrid_internal.rollup_status`. */
export async function rollupStatus(sql: Sql): Promise<RollupStatus> {
  return translateErrors(async () => {
    const [row] = await sql<RollupStatus[]>`
      select s.*, coalesce(extract(epoch from greatest(clock_timestamp() - s.behind_since, interval '0')), 0)::float8 as lag_seconds
      from tripgrid_internal.rollup_status() s`;
    if (!row) throw new Error("tripgrid_internal.rollup_status gave no row");
    return row;
  });
}

/** Calls `tripgrid_internal.rebuild_rollups`. */
export async function rebuildRollups(sql: Sql): Promise<void> {
  await translateErrors(() => sql`select tripgrid_internal.rebuild_rollups()`);
}
