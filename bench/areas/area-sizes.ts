import type { AreaDatabase } from "./area-database.ts";

/** Bytes on disk. */
export interface Sizes {
  heap: number;
  indexes: number;
  /** All rollups with their indexes. */
  rollups: number;
}

/** What the trips and the rollups take, wherever the engine keeps them: in partitions, or in chunks of hypertables. */
export async function measureSizes({ sql, engine }: AreaDatabase): Promise<Sizes> {
  const [sizes] =
    engine === "timescaledb"
      ? await sql<Sizes[]>`
          select table_bytes + toast_bytes as heap, index_bytes as indexes,
                 (select sum(hypertable_size(format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass))
                  from timescaledb_information.continuous_aggregates where view_schema = 'tripgrid_internal') as rollups
          from hypertable_detailed_size('tripgrid.trips')`
      : await sql<Sizes[]>`
          select sum(pg_table_size(relid)) as heap, sum(pg_indexes_size(relid)) as indexes,
                 (select sum(pg_total_relation_size(oid)) from pg_class
                  where relnamespace = 'tripgrid_internal'::regnamespace and relkind = 'r' and relname ~ '^(live|retired)_(weekly|hourly)_') as rollups
          from pg_partition_tree('tripgrid.trips')`;
  if (!sizes) throw new Error("the database gave no sizes");
  return sizes;
}
