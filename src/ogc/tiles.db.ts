import { type Kysely, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { CheckCost } from "../database/query-cost.ts";
import type { DB } from "../database/schema.ts";
import { conditionsOf, sourceSql } from "./features.db.ts";
import type { TileQuery } from "./tiles.ts";

/** Units of a tile's side, and how far beyond its edge geometries are kept so that their outlines do not show. */
const EXTENT = 4096;
const BUFFER = 64;
/** More features make a tile of several MB, which no map can draw. */
const MAX_FEATURES = 20_000;

/**
 * Makes a vector tile (MVT 2.1) of the features of a collection. Geometries are simplified to its grid.
 *
 * @param check refuses a statement that would read too many rows
 * @returns the bytes; empty if there is nothing in the tile
 */
export async function makeTile(db: Kysely<DB>, check: CheckCost, query: TileQuery): Promise<Buffer> {
  const { collection, tile } = query;
  const envelope = sql`st_tileenvelope(${sql.lit(tile.z)}, ${sql.lit(tile.x)}, ${sql.lit(tile.y)})`;
  // In degrees, with the buffer, so that the index on the points can be used.
  const box = sql`(select st_transform(st_expand(${envelope}, ${(BUFFER / EXTENT) * sideOf(tile.z)}::float8), 4326))`;
  const conditions = [sql`f.geom && ${box}`, ...conditionsOf(query)];
  const columns = Object.keys(collection.properties).map((name) => sql.ref(`f.${name}`));
  const statement = sql<{ tile: Buffer }>`
    select st_asmvt(m.*, ${collection.id}, ${sql.lit(EXTENT)}, 'geom') as tile
    from (select ${sql.join(columns)},
                 st_asmvtgeom(st_transform(st_intersection(f.geom, st_makeenvelope(-180, -85.06, 180, 85.06, 4326)), 3857),
                              ${envelope}, ${sql.lit(EXTENT)}, ${sql.lit(BUFFER)}) as geom
          from (${sourceSql(collection, query.datetime)}) f
          where ${sql.join(conditions, sql` and `)} limit ${sql.lit(MAX_FEATURES)}) m
    where m.geom is not null`;
  return translateErrors(async () => {
    await check(statement.compile(db));
    const { rows } = await statement.execute(db);
    return Buffer.from(rows[0]?.tile ?? []);
  });
}

/** The side of a tile in metres: the circumference of the sphere of EPSG:3857 in halves. */
const sideOf = (z: number) => 40_075_016.685_578_49 / 2 ** z;
