import { type Kysely, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import type { TileFilters } from "./layers.ts";
import { drawn, envelopeSql, MVT_GRID } from "./mvt.db.ts";
import { cellSizeAt, cellsIn, degreesOf, type Tile } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

/**
 * Draws the cells of a tile. Only trips of the tile and of the cells around it are counted, in the rollups where these
 * know the answer.
 *
 * @param weeks how many weeks are counted. Undefined: not known, since there is no trip
 */
export async function drawCells(
  db: Kysely<DB>,
  tile: Tile,
  f: TileFilters,
  weeks: number | undefined,
): Promise<DrawnTile> {
  const size = cellSizeAt(tile.z);
  const box = degreesOf(tile);
  const parents = cellsIn(box, size - 1);
  const statement = sql<{ tile: Buffer }>`
    select st_asmvt(m.*, 'cells', ${MVT_GRID.extent}, 'geom') as tile
    from (select c.cell, c.trips, ${weeks ?? null}::int as weeks, c.trips / nullif(${weeks ?? null}::float8, 0) as trips_per_week,
                 c.trips is null as withheld,
                 st_asmvtgeom(st_transform(st_makeenvelope(st_xmin(g.geom), greatest(st_ymin(g.geom), -89), st_xmax(g.geom), least(st_ymax(g.geom), 89), 4326), 3857),
                              ${envelopeSql(tile)}, ${MVT_GRID.extent}, ${MVT_GRID.buffer}) as geom
          from tripgrid_internal.shown_cells(
            tripgrid_internal.selection_of(null, ${f.match}, ${f.source ?? null}, ${f.region ?? null}, ${f.from ?? null}::date, ${f.to ?? null}::date,
                                           ${f.hours ?? null}::int[], ${f.days ?? null}::int[]), ${parents}::text[], ${sql.lit(size)}) c
          cross join lateral (select st_setsrid(st_geomfromgeohash(c.cell), 4326) as geom) g
          where g.geom && st_makeenvelope(${box[0]}, ${box[1]}, ${box[2]}, ${box[3]}, 4326)
          order by c.cell) m
    where m.geom is not null`;
  return translateErrors(async () => drawn((await statement.execute(db)).rows));
}
