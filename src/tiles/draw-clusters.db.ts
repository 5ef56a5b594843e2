import { type Kysely, sql } from "kysely";
import type { Cluster } from "../clusters/clusters.ts";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import { drawn, envelopeSql, MVT_GRID } from "./mvt.db.ts";
import { type Box, metresOf, type Tile, toMetres } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

/** A line in EPSG:3857 with the cluster that it shows. */
interface Line {
  cluster: Cluster;
  from: readonly [x: number, y: number];
  to: readonly [x: number, y: number];
}

/** Draws the clusters whose lines come through a tile. */
export async function drawClusters(db: Kysely<DB>, tile: Tile, clusters: readonly Cluster[]): Promise<DrawnTile> {
  const box = metresOf(tile);
  const lines = clusters.flatMap(linesOf).filter((line) => mayCross(line, box));
  if (lines.length === 0) return { bytes: Buffer.alloc(0), isTruncated: false };
  const rows = lines.map(({ cluster, from, to }) => ({
    ...{ id: cluster.id, origin_cell: cluster.origin_cell, destination_cell: cluster.destination_cell },
    ...{ hour: cluster.hour, trips: cluster.trips, trips_per_week: cluster.trips_per_week },
    ...{ mean_duration_s: cluster.mean_duration_s, mean_distance_m: cluster.mean_distance_m },
    ...{ x1: from[0], y1: from[1], x2: to[0], y2: to[1] },
  }));
  const statement = sql<{ tile: Buffer }>`
    select st_asmvt(m.*, 'clusters', ${MVT_GRID.extent}, 'geom') as tile
    from (select c.id, c.origin_cell, c.destination_cell, c.hour, c.trips, c.trips_per_week, c.mean_duration_s, c.mean_distance_m,
                 st_asmvtgeom(st_setsrid(st_makeline(st_point(c.x1, c.y1), st_point(c.x2, c.y2)), 3857),
                              ${envelopeSql(tile)}, ${MVT_GRID.extent}, ${MVT_GRID.buffer}) as geom
          from json_to_recordset(${JSON.stringify(rows)}::text::json) c (
            id text, origin_cell text, destination_cell text, hour int, trips bigint, trips_per_week float8, mean_duration_s float8,
            mean_distance_m float8, x1 float8, y1 float8, x2 float8, y2 float8)
          order by c.trips, c.id) m
    where m.geom is not null`;
  return translateErrors(async () => drawn((await statement.execute(db)).rows));
}

/** A line across the antimeridian leaves the map on one side and is drawn once more on the other. */
function linesOf(cluster: Cluster): Line[] {
  const [fromLon, fromLat] = cluster.origin;
  const [toLon, toLat] = cluster.destination;
  const nearLon = toLon - 360 * Math.round((toLon - fromLon) / 360);
  const shifts = nearLon > 180 ? [0, -360] : nearLon < -180 ? [0, 360] : [0];
  return shifts.map((shift) => ({
    cluster,
    from: toMetres(fromLon + shift, fromLat),
    to: toMetres(nearLon + shift, toLat),
  }));
}

const mayCross = ({ from, to }: Line, [west, south, east, north]: Box) =>
  Math.max(from[0], to[0]) >= west &&
  Math.min(from[0], to[0]) <= east &&
  Math.max(from[1], to[1]) >= south &&
  Math.min(from[1], to[1]) <= north;
