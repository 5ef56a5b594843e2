import type { Cluster } from "../clusters/clusters.ts";
import { lineIn, TileWriter } from "./mvt.ts";
import { BUFFER, EXTENT, gridOf, type Tile, toMetres } from "./tile.ts";

/** Draws the clusters whose lines come through a tile. Later ones lie on top: those with most trips. */
export function drawClusters(tile: Tile, clusters: readonly Cluster[]): Buffer {
  const place = gridOf(tile);
  const writer = new TileWriter("clusters");
  for (const cluster of clusters.toReversed()) {
    const { id, origin_cell, destination_cell, hour, trips, trips_per_week, mean_duration_s, mean_distance_m } =
      cluster;
    const figures = {
      id,
      origin_cell,
      destination_cell,
      hour,
      trips,
      trips_per_week,
      mean_duration_s,
      mean_distance_m,
    };
    for (const [from, to] of linesOf(cluster)) {
      const clipped = clip(place(toMetres(...from)), place(toMetres(...to)));
      if (clipped) writer.add({ geometry: lineIn(...clipped), properties: figures });
    }
  }
  return writer.finish();
}

type Place = readonly [lon: number, lat: number];

/** A line across the antimeridian leaves the map on one side and is drawn once more on the other. */
function linesOf({ origin: [fromLon, fromLat], destination: [toLon, toLat] }: Cluster): [from: Place, to: Place][] {
  const nearLon = toLon - 360 * Math.round((toLon - fromLon) / 360);
  const shifts = nearLon > 180 ? [0, -360] : nearLon < -180 ? [0, 360] : [0];
  return shifts.map((shift) => [
    [fromLon + shift, fromLat],
    [nearLon + shift, toLat],
  ]);
}

type GridPoint = readonly [x: number, y: number];

/** The part of a line that lies in a tile or its buffer. Undefined: there is none. */
function clip([x1, y1]: GridPoint, [x2, y2]: GridPoint): [GridPoint, GridPoint] | undefined {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const [low, high] = [-BUFFER, EXTENT + BUFFER];
  let [start, end] = [0, 1];
  // Each side of the square cuts off the part of the line before or behind it.
  for (const [speed, distance] of [
    [-dx, x1 - low],
    [dx, high - x1],
    [-dy, y1 - low],
    [dy, high - y1],
  ] as const) {
    if (speed === 0 && distance < 0) return undefined;
    if (speed < 0) start = Math.max(start, distance / speed);
    if (speed > 0) end = Math.min(end, distance / speed);
  }
  if (start > end) return undefined;
  const at = (share: number) => [x1 + share * dx, y1 + share * dy] as const;
  return [at(start), at(end)];
}
