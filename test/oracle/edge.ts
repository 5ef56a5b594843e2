import { borderBelow, cellSize } from "./grid.ts";
import type { Polygons, Position } from "./shapes.ts";

/** South-western corners of the finest cells that hold any of the points, each once. */
export function cellsOf(points: Position[]): Position[] {
  const { lon, lat } = cellSize(7);
  const cells = new Map<string, Position>();
  for (const [x, y] of points) {
    const cell: Position = [borderBelow(x, -180, lon), borderBelow(y, -90, lat)];
    cells.set(cell.join(), cell);
  }
  return [...cells.values()];
}

/** Whether the edge of an area crosses or touches one of the cells. */
export function edgeCrosses(polygons: Polygons, cells: Position[]): boolean {
  const { lon, lat } = cellSize(7);
  const vertices = polygons.flat(2);
  // Most cells are far away, and the test is done for every line with all that are left.
  const [west, south] = [0, 1].map((i) => vertices.reduce((least, at) => Math.min(least, at[i] as number), 180));
  const [east, north] = [0, 1].map((i) => vertices.reduce((most, at) => Math.max(most, at[i] as number), -180));
  const near = cells.filter(
    ([x, y]) => x + lon >= Number(west) && x <= Number(east) && y + lat >= Number(south) && y <= Number(north),
  );
  return polygons.flat().some((ring) =>
    ring.some((from, i) => {
      const to = ring[(i + 1) % ring.length] as Position;
      return near.some(([x, y]) => meets(from, to, x, y, x + lon, y + lat));
    }),
  );
}

/** Whether a line and a box have a point in common: the line is cut off at each side of the box in turn. */
function meets(from: Position, to: Position, west: number, south: number, east: number, north: number): boolean {
  let [enters, leaves] = [0, 1];
  for (const [start, end, low, high] of [
    [from[0], to[0], west, east],
    [from[1], to[1], south, north],
  ] as const) {
    if (Math.max(start, end) < low || Math.min(start, end) > high) return false;
    if (start === end) continue;
    const [a, b] = [(low - start) / (end - start), (high - start) / (end - start)];
    enters = Math.max(enters, Math.min(a, b));
    leaves = Math.min(leaves, Math.max(a, b));
  }
  return enters <= leaves;
}
