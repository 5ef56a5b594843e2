import type { MultiPolygon, Polygon } from "geojson";
import { type Sql, translateErrors } from "../database/client.ts";
import type { ByRegionAnswer } from "../weekly-averages/weekly-averages.ts";
import { type GridPoint, polygonsIn, TileWriter } from "./mvt.ts";
import { degreesOf, EXTENT, gridOf, metresOf, sideOf, type Tile } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

/** Maps draw a tile on 512 pixels: half of one. */
const TOLERANCE = EXTENT / 512 / 2;

/**
 * Draws the boundaries in a tile with the figures of their regions. A region without a trip has none in the answer.
 *
 * @param only draws this region. Undefined: all
 */
export async function drawRegions(
  sql: Sql,
  tile: Tile,
  answer: ByRegionAnswer,
  only: string | undefined,
): Promise<DrawnTile> {
  const box = degreesOf(tile);
  const metres = metresOf(tile);
  const rows = await translateErrors(
    () => sql<{ name: string; shape: Polygon | MultiPolygon }[]>`
      select r.name, st_asgeojson(st_clipbybox2d(st_simplify(m.shape, ${(TOLERANCE * sideOf(tile.z)) / EXTENT}::float8, true),
                                                 st_makeenvelope(${metres[0]}, ${metres[1]}, ${metres[2]}, ${metres[3]}, 3857)), 3, 0)::json as shape
      from tripgrid.regions r
      cross join lateral (select st_transform(st_intersection(r.boundary, st_makeenvelope(-180, -85.06, 180, 85.06, 4326)), 3857) as shape) m
      where r.boundary && st_makeenvelope(${box[0]}, ${box[1]}, ${box[2]}, ${box[3]}, 4326)
        and (${only ?? null}::text is null or r.name = ${only ?? null})
      order by r.name`,
  );
  const figures = new Map(answer.regions.map((one) => [one.region, one]));
  const place = gridOf(tile);
  const writer = new TileWriter("regions");
  for (const { name, shape } of rows) {
    const found = figures.get(name);
    const weeks = answer.weeks_in_window;
    const counted = found ?? { trips: 0, average: weeks > 0 ? 0 : null };
    const parts = shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
    const grid = parts?.map((rings) => rings.map((ring) => ring.map((at) => place(at as unknown as GridPoint))));
    const properties = {
      trips: counted.trips,
      weeks,
      trips_per_week: counted.average,
      withheld: counted.trips === null,
    };
    writer.add({ geometry: polygonsIn(grid ?? []), properties: { name, ...properties } });
  }
  return { bytes: writer.finish(), isTruncated: false };
}
