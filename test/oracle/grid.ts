/**
 * The geohash grid, worked out from its definition: 5 bits a character, longitude and latitude in turn, longitude first.
 * Sizes and borders are exact in binary: 360 / 2^18 is 45 / 2^15.
 */
export interface CellSize {
  lon: number;
  lat: number;
}

export function cellSize(precision: number): CellSize {
  return { lon: 360 / 2 ** Math.ceil((5 * precision) / 2), lat: 180 / 2 ** Math.floor((5 * precision) / 2) };
}

/** The border at or below a coordinate; `start` is where the grid begins, -180 or -90. */
export function borderBelow(value: number, start: number, size: number): number {
  return Math.floor((value - start) / size) * size + start;
}
