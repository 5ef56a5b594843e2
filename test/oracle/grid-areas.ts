import fc from "fast-check";
import type { Bbox } from "./boxes.ts";
import type { Pair } from "./draws.ts";
import { borderBelow, cellSize } from "./grid.ts";
import { inWorld, type Polygons, skyline } from "./shapes.ts";

const precision = fc.constantFrom(1, 3, 4, 5, 5, 6, 6, 6, 7, 7, 7, 7, 8, 10);
const few = fc.integer({ min: 0, max: 3 });

/** Whole cells around the cell of a trip. */
export const gridBoxes = (pair: Pair) =>
  fc.tuple(pair, precision, few, few, few, few).map(([[, b], p, w, s, e, n]): Bbox => {
    const size = cellSize(p);
    const [west, south] = [borderBelow(b[0], -180, size.lon), borderBelow(b[1], -90, size.lat)];
    const [left, bottom] = inWorld([west - w * size.lon, south - s * size.lat]);
    const [right, top] = inWorld([west + (e + 1) * size.lon, south + (n + 1) * size.lat]);
    // At the world's northern and eastern end the cell is the one before the border.
    return [left === right ? left - size.lon : left, bottom === top ? bottom - size.lat : bottom, right, top];
  });

/** Four corners of cells, the edges running across the cells and through some of their corners. */
export const gridDiamonds = (pair: Pair) =>
  fc
    .tuple(pair, precision, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }))
    .map(([[, b], p, i, j]): Polygons => {
      const size = cellSize(p);
      const [x, y] = [Math.min(i * size.lon, 180), Math.min(j * size.lat, 90)];
      const lon = Math.min(Math.max(borderBelow(b[0], -180, size.lon), -180 + x), 180 - x);
      const lat = Math.min(Math.max(borderBelow(b[1], -90, size.lat), -90 + y), 90 - y);
      return [
        [
          [
            [lon - x, lat],
            [lon, lat - y],
            [lon + x, lat],
            [lon, lat + y],
          ],
        ],
      ];
    });

/** Edges along the axes, on the borders of cells. */
export const gridSkylines = (pair: Pair) =>
  fc
    .tuple(pair, fc.constantFrom(5, 6, 7), fc.array(fc.tuple(few, few), { minLength: 2, maxLength: 12 }))
    .map(([[, b], p, steps]): Polygons => {
      const size = cellSize(p);
      const west = borderBelow(Math.min(b[0], 180 - 40 * size.lon), -180, size.lon);
      const base = borderBelow(Math.min(b[1], 90 - 5 * size.lat), -90, size.lat);
      const wide = (count: number) => steps.slice(0, count).reduce((sum, [columns]) => sum + columns + 1, 0);
      const lons = [0, ...steps.map((_, i) => i + 1)].map((count) => west + wide(count) * size.lon);
      const tops = steps.map(([, high]) => base + (high + 1) * size.lat);
      return [[skyline(base, lons, tops)]];
    });
