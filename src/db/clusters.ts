import type { ClusterAnswer, ClusterQuestion } from "../clusters.ts";
import { areaSql } from "./area-sql.ts";
import { type Sql, translateErrors } from "./client.ts";

interface Row {
  window_from: string | null;
  window_to: string | null;
  weeks_in_window: number | null;
  trips: number | null;
  clusters_found: number | null;
  clusters_withheld: number | null;
  clusters: ClusterAnswer["clusters"];
  data_as_of: string;
  retired_before: string | null;
  min_trips: number;
}

/** Asks `tripgrid.cluster_answer`, which an analyst can call just so. */
export async function clusters(sql: Sql, q: ClusterQuestion): Promise<ClusterAnswer> {
  return translateErrors(async () => {
    const [row] = await sql<Row[]>`
      select a.*, s.min_trips
      from tripgrid.settings s, tripgrid.cluster_answer(
        area => ${areaSql(sql, q.area)}, match => ${q.match}, source => ${q.source ?? null}, region => ${q.region ?? null},
        from_date => ${q.from ?? null}, to_date => ${q.to ?? null}, hours => ${q.hours ?? null}, days => ${q.days ?? null},
        cell_precision => ${q.precision ?? null}, cluster_by => ${q.group}, min_trips => ${q.min_trips ?? null},
        order_by => ${q.order}, max_clusters => ${q.limit}, only_id => ${q.only ?? null}) a`;
    if (!row) throw new Error("tripgrid.cluster_answer gave no row");
    const { window_from: from, window_to: to } = row;
    return {
      window: from && to ? { from, to } : null,
      weeks_in_window: row.weeks_in_window ?? 0,
      trips: row.trips,
      clusters_found: row.clusters_found,
      truncated: row.clusters_found === null || row.clusters_found > row.clusters.length,
      ...(row.min_trips > 1 ? { withheld: { min_trips: row.min_trips, clusters: row.clusters_withheld } } : {}),
      data_as_of: row.data_as_of,
      ...(row.retired_before === null ? {} : { retired_before: row.retired_before }),
      clusters: row.clusters,
    };
  });
}
