import type { RollupStatus } from "../rollups.ts";
import { type Sql, translateErrors } from "./client.ts";

/** Asks `tripgrid.rollup_status`. */
export async function rollupStatus(sql: Sql): Promise<RollupStatus> {
  return translateErrors(async () => {
    const [row] = await sql<RollupStatus[]>`
      select s.*, coalesce(extract(epoch from greatest(clock_timestamp() - s.behind_since, interval '0')), 0)::float8 as lag_seconds
      from tripgrid.rollup_status() s`;
    if (!row) throw new Error("tripgrid.rollup_status gave no row");
    return row;
  });
}

/** Asks `tripgrid.rebuild_rollups`. */
export async function rebuildRollups(sql: Sql): Promise<void> {
  await translateErrors(() => sql`select tripgrid.rebuild_rollups()`);
}
