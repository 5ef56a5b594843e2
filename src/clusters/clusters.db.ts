import { type Sql, translateErrors } from "../database/client.ts";
import { areaSql } from "../geo/area.db.ts";
import { amongKnown } from "../weekly-averages/known-names.db.ts";
import type { Cluster, ClusterAnswer, ClusterQuestion } from "./clusters.ts";

/** A cluster. The first row also carries the members for the whole answer. */
interface Row {
  window_from: string | null;
  window_to: string | null;
  weeks_in_window: number | null;
  trips: number | null;
  clusters_found: number | null;
  clusters_withheld: number | null;
  /** Null if there is no cluster; then this is the only row. */
  cluster: Cluster | null;
  data_as_of: string;
  retired_before: string | null;
  min_trips: number;
}

/** Calls `tripgrid.cluster_answer`, which an analyst can call the same way. */
export async function clusters(sql: Sql, q: ClusterQuestion): Promise<ClusterAnswer> {
  return amongKnown(
    sql,
    q,
    ({ trips }) => trips === 0,
    () => answerTo(sql, q),
  );
}

async function answerTo(sql: Sql, q: ClusterQuestion): Promise<ClusterAnswer> {
  return translateErrors(async () => {
    // Each cluster is a row, so that no single JSON text of megabytes has to be parsed at once.
    const rows = await sql<Row[]>`
      select a.window_from, a.window_to, a.weeks_in_window, a.trips, a.clusters_found, a.clusters_withheld, a.data_as_of,
             a.retired_before, s.min_trips, c.cluster
      from tripgrid.settings s, tripgrid.cluster_answer(
        area => ${areaSql(sql, q.area)}, match => ${q.match}, source => ${q.source ?? null}, region => ${q.region ?? null},
        from_date => ${q.from ?? null}, to_date => ${q.to ?? null}, hours => ${q.hours ?? null}, days => ${q.days ?? null},
        cell_precision => ${q.precision ?? null}, cluster_by => ${q.group}, min_trips => ${q.min_trips ?? null},
        order_by => ${q.order}, max_clusters => ${q.limit}, only_id => ${q.only ?? null}) a
      left join lateral jsonb_array_elements(a.clusters) with ordinality c (cluster, place) on true
      order by c.place`;
    const [row] = rows;
    if (!row) throw new Error("tripgrid.cluster_answer gave no row");
    const found = rows.flatMap(({ cluster }) => cluster ?? []);
    const { window_from: from, window_to: to } = row;
    return {
      window: from && to ? { from, to } : null,
      weeks_in_window: row.weeks_in_window ?? 0,
      trips: row.trips,
      clusters_found: row.clusters_found,
      truncated: row.clusters_found === null || row.clusters_found > found.length,
      ...(row.min_trips > 1 ? { withheld: { min_trips: row.min_trips, clusters: row.clusters_withheld } } : {}),
      data_as_of: row.data_as_of,
      ...(row.retired_before === null ? {} : { retired_before: row.retired_before }),
      clusters: found,
    };
  });
}
