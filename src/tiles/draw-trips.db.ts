import { type Kysely, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import { LAYERS, type TileFilters } from "./layers.ts";
import { drawn, envelopeSql, MVT_GRID } from "./mvt.db.ts";
import { coverOf, degreesOf, type Tile } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

/** More trips make a tile of several MB, which no map can draw. */
const MAX_TRIPS = 20_000;
const MAX_COVER = 128;

/**
 * Draws single trips. Where there are too many, some of each cell are drawn, so that no part of the tile stays empty.
 * Nothing is drawn where single trips are not shown.
 */
export async function drawTrips(db: Kysely<DB>, tile: Tile, f: TileFilters): Promise<DrawnTile> {
  const box = degreesOf(tile);
  const cells = coverOf(box, 7, MAX_COVER);
  const most = Math.ceil(MAX_TRIPS / cells.length);
  const isOrigin = f.match !== "destination";
  const cell = sql.ref(isOrigin ? "t.origin_cell" : "t.destination_cell");
  const point = isOrigin ? sql`t.geom` : sql`st_setsrid(st_point(t.destination_lon, t.destination_lat), 4326)`;
  const conditions = [
    sql`${cell} >= k.cell collate "C" and ${cell} < k.cell || '{' collate "C"`,
    sql`${point} && st_makeenvelope(${box[0]}, ${box[1]}, ${box[2]}, ${box[3]}, 4326)`,
    ...(f.from === undefined ? [] : [sql`t.local_time >= date_trunc('week', ${f.from}::timestamp)`]),
    ...(f.to === undefined ? [] : [sql`t.local_time < date_trunc('week', ${f.to}::timestamp) + interval '7 days'`]),
    ...(f.source === undefined ? [] : [sql`(t.source = ${f.source}) is true`]),
    ...(f.region === undefined ? [] : [sql`t.region = ${f.region}`]),
    ...(f.hours === undefined ? [] : [sql`extract(hour from t.local_time)::int = any (${f.hours}::int[])`]),
    ...(f.days === undefined ? [] : [sql`extract(isodow from t.local_time)::int = any (${f.days}::int[])`]),
  ];
  const columns = sql.join(Object.keys(LAYERS.trips.fields).map((name) => sql.ref(`t.${name}`)));
  const statement = sql<{ tile: Buffer; is_truncated: boolean | null }>`
    with found as materialized (
      select t.* from unnest(${cells}::text[]) k (cell)
      cross join lateral (
        select ${columns}, ${point} as geom, row_number() over () as place from bi.trips t
        where ${sql.join(conditions, sql` and `)} limit ${sql.lit(most + 1)}) t
    )
    select st_asmvt(m.*, 'trips', ${MVT_GRID.extent}, 'geom') as tile, (select bool_or(f.place > ${sql.lit(most)}) from found f) as is_truncated
    from (select ${columns}, st_asmvtgeom(st_transform(t.geom, 3857), ${envelopeSql(tile)}, ${MVT_GRID.extent}, ${MVT_GRID.buffer}) as geom
          from found t where t.place <= ${sql.lit(most)} order by t.local_time, t.source, t.trip_id) m
    where m.geom is not null`;
  return translateErrors(async () => drawn((await statement.execute(db)).rows));
}
