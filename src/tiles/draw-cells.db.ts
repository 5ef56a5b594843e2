import { type Sql, translateErrors } from "../database/client.ts";
import type { TileFilters } from "./layers.ts";
import { polygonsIn, TileWriter } from "./mvt.ts";
import { boxOfCell, cellSizeAt, cellsIn, clamped, degreesOf, gridOf, type Tile, toMetres } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

/**
 * Draws the cells of a tile. Only trips of the tile and of the cells around it are counted, in the rollups where these
 * know the answer.
 *
 * @param weeks how many weeks are counted. Undefined: not known, since there is no trip
 */
export async function drawCells(sql: Sql, tile: Tile, f: TileFilters, weeks: number | undefined): Promise<DrawnTile> {
  const size = cellSizeAt(tile.z);
  const parents = cellsIn(degreesOf(tile), size - 1);
  const rows = await translateErrors(
    () => sql<{ cell: string; trips: number | null }[]>`
      select c.cell, c.trips
      from tripgrid_internal.shown_cells(
        tripgrid_internal.selection_of(null, ${f.match}, ${f.source ?? null}, ${f.region ?? null}, ${f.from ?? null}::date, ${f.to ?? null}::date,
                                       ${f.hours ?? null}::int[], ${f.days ?? null}::int[]), ${parents}::text[], ${size}::int) c
      order by c.cell`,
  );
  const writer = new TileWriter("cells");
  for (const { cell, trips } of rows) {
    const average = trips !== null && weeks ? trips / weeks : null;
    const properties = { cell, trips, weeks: weeks ?? null, trips_per_week: average, withheld: trips === null };
    writer.add({ geometry: squareOf(cell, tile), properties });
  }
  return { bytes: writer.finish(), isTruncated: false };
}

/** A cell in the grid of a tile. Undefined: it is not in the tile. */
function squareOf(cell: string, tile: Tile) {
  const [w, s, e, n] = boxOfCell(cell);
  const place = gridOf(tile);
  const [west, south] = place(toMetres(w, s)).map(clamped) as [number, number];
  const [east, north] = place(toMetres(e, n)).map(clamped) as [number, number];
  const ring = [
    [west, north],
    [east, north],
    [east, south],
    [west, south],
    [west, north],
  ] as const;
  return polygonsIn([[ring]]);
}
