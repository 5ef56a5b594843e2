import { GEOHASH_LETTERS } from "../geo/cell-point.ts";

/** A tile of the square grid WebMercatorQuad: zoom level, column from the west, row from the north. */
export interface Tile {
  z: number;
  x: number;
  y: number;
}

export const MAX_ZOOM = 18;
/** Units of a tile's side, and how far beyond its edge geometries are kept so that their outlines do not show. */
export const EXTENT = 4096;
export const BUFFER = 64;

/** The tile of three texts. Undefined: there is none. */
export function tileFrom(z: string, x: string, y: string): Tile | undefined {
  if (![z, x, y].every((text) => /^\d{1,6}$/.test(text))) return undefined;
  const tile = { z: Number(z), x: Number(x), y: Number(y) };
  const side = 2 ** tile.z;
  return tile.z <= MAX_ZOOM && tile.x < side && tile.y < side ? tile : undefined;
}

/** West, south, east, north. */
export type Box = readonly [west: number, south: number, east: number, north: number];

/** Half the circumference of the sphere of EPSG:3857, metres. */
const HALF_M = 20_037_508.342_789_244;
/** The side of a tile in metres. */
export const sideOf = (z: number): number => (2 * HALF_M) / 2 ** z;

/** Where a tile is in EPSG:3857, in metres, with its buffer. */
export function metresOf({ z, x, y }: Tile): Box {
  const side = sideOf(z);
  const more = (BUFFER / EXTENT) * side;
  const west = x * side - HALF_M;
  const north = HALF_M - y * side;
  return [west - more, north - side - more, west + side + more, north + more];
}

/** Where a tile is, in degrees, with its buffer, within the globe. */
export function degreesOf(tile: Tile): Box {
  const [west, south, east, north] = metresOf(tile);
  const lon = (x: number) => Math.min(Math.max((x / HALF_M) * 180, -180), 180);
  const lat = (y: number) => (Math.atan(Math.sinh((y / HALF_M) * Math.PI)) / Math.PI) * 180;
  return [lon(west), lat(south), lon(east), lat(north)];
}

/** A place of EPSG:4326 in EPSG:3857. A longitude beyond 180 is not turned around. */
export function toMetres(lon: number, lat: number): readonly [x: number, y: number] {
  const limited = Math.min(Math.max(lat, -89.9), 89.9);
  return [(lon / 180) * HALF_M, (Math.asinh(Math.tan((limited / 180) * Math.PI)) / Math.PI) * HALF_M];
}

/** The grid of a tile: where places of EPSG:3857 are in it, from the west and from the north. */
export function gridOf({
  z,
  x,
  y,
}: Tile): (metres: readonly [x: number, y: number]) => readonly [x: number, y: number] {
  const unit = sideOf(z) / EXTENT;
  const [west, north] = [x * sideOf(z) - HALF_M, HALF_M - y * sideOf(z)];
  return ([east, up]) => [(east - west) / unit, (north - up) / unit];
}

/** A grid coordinate within the tile and its buffer. */
export const clamped = (n: number): number => Math.min(Math.max(n, -BUFFER), EXTENT + BUFFER);

/**
 * How many characters the cells of a zoom level have: from zoom level 4 on 4 to 7, as the rollups, and fewer on maps of
 * continents, where a cell of 4 characters is smaller than a dot. No tile touches more than 11,000 of its cells.
 */
export const cellSizeAt = (z: number): number => CELL_SIZES[z] ?? 7;
const CELL_SIZES = [2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6];

/** The geohashes of `size` characters that touch a box. */
export function cellsIn([west, south, east, north]: Box, size: number): string[] {
  const [columns, rows] = cellsAround(size);
  const column = (lon: number) => Math.min(Math.max(Math.floor(((lon + 180) / 360) * columns), 0), columns - 1);
  const row = (lat: number) => Math.min(Math.max(Math.floor(((lat + 90) / 180) * rows), 0), rows - 1);
  const cells: string[] = [];
  for (let x = column(west); x <= column(east); x++) {
    for (let y = row(south); y <= row(north); y++) cells.push(geohashAt(x, y, size));
  }
  return cells;
}

/** The geohashes of at most `maxSize` characters that touch a box: the smallest ones that are no more than `most`. */
export function coverOf(box: Box, maxSize: number, most: number): string[] {
  const [west, south, east, north] = box;
  let size = maxSize;
  for (; size > 1; size--) {
    const [columns, rows] = cellsAround(size);
    const count = (((east - west) / 360) * columns + 2) * (((north - south) / 180) * rows + 2);
    if (count <= most) break;
  }
  return cellsIn(box, size);
}

/** How many cells of `size` characters there are from west to east, and from south to north. */
const cellsAround = (size: number) => [2 ** Math.ceil((5 * size) / 2), 2 ** Math.floor((5 * size) / 2)] as const;

/** The geohash of a column from the west and a row from the south: their bits take turns, the column's first. */
function geohashAt(x: number, y: number, size: number): string {
  let text = "";
  let letter = 0;
  let [xBit, yBit] = [Math.ceil((5 * size) / 2), Math.floor((5 * size) / 2)];
  for (let i = 0; i < 5 * size; i++) {
    const bit = i % 2 === 0 ? (x >> --xBit) & 1 : (y >> --yBit) & 1;
    letter = letter * 2 + bit;
    if (i % 5 < 4) continue;
    text += GEOHASH_LETTERS[letter];
    letter = 0;
  }
  return text;
}

/** Where a cell is, in degrees. */
export function boxOfCell(cell: string): Box {
  const box: [number, number, number, number] = [-180, -90, 180, 90];
  let isLon = true;
  for (const letter of cell) {
    const value = GEOHASH_LETTERS.indexOf(letter);
    for (let bit = 16; bit >= 1; bit /= 2) {
      const [low, high] = isLon ? ([0, 2] as const) : ([1, 3] as const);
      const middle = (box[low] + box[high]) / 2;
      box[value & bit ? low : high] = middle;
      isLon = !isLon;
    }
  }
  return box;
}
