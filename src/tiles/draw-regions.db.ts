import { type Kysely, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import type { ByRegionAnswer } from "../weekly-averages/weekly-averages.ts";
import { drawn, envelopeSql, MVT_GRID } from "./mvt.db.ts";
import { degreesOf, EXTENT, sideOf, type Tile } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

/** Maps draw a tile on 512 pixels: half of one. */
const TOLERANCE = EXTENT / 512 / 2;

/**
 * Draws the boundaries in a tile with the figures of their regions. A region without a trip has none in the answer.
 *
 * @param only draws this region. Undefined: all
 */
export async function drawRegions(
  db: Kysely<DB>,
  tile: Tile,
  answer: ByRegionAnswer,
  only: string | undefined,
): Promise<DrawnTile> {
  const [west, south, east, north] = degreesOf(tile);
  const figures = answer.regions.flatMap(({ region, trips, average }) =>
    region === null ? [] : [{ region, trips, average }],
  );
  const statement = sql<{ tile: Buffer }>`
    with figures as materialized (
      select * from json_to_recordset(${JSON.stringify(figures)}::text::json) f (region text, trips bigint, average float8)
    )
    select st_asmvt(m.*, 'regions', ${MVT_GRID.extent}, 'geom') as tile
    from (select r.name, case when f.region is null then 0 else f.trips end as trips, ${answer.weeks_in_window}::int as weeks,
                 case when f.region is null and ${answer.weeks_in_window}::int > 0 then 0 else f.average end as trips_per_week,
                 f.region is not null and f.trips is null as withheld,
                 st_asmvtgeom(st_simplify(st_transform(st_intersection(r.boundary, st_makeenvelope(-180, -85.06, 180, 85.06, 4326)), 3857),
                                          ${(TOLERANCE * sideOf(tile.z)) / EXTENT}::float8, true),
                              ${envelopeSql(tile)}, ${MVT_GRID.extent}, ${MVT_GRID.buffer}) as geom
          from tripgrid.regions r left join figures f on f.region = r.name
          where r.boundary && st_makeenvelope(${west}, ${south}, ${east}, ${north}, 4326) and (${only ?? null}::text is null or r.name = ${only ?? null})
          order by r.name) m
    where m.geom is not null`;
  return translateErrors(async () => drawn((await statement.execute(db)).rows));
}
