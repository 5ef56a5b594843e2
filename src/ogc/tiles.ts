import type { FeatureQuery } from "./features.ts";

/** A tile of the square grid WebMercatorQuad: zoom level, column from the west, row from the north. */
export interface Tile {
  z: number;
  x: number;
  y: number;
}

export type TileQuery = Pick<FeatureQuery, "collection" | "filters" | "datetime"> & { bbox: undefined; tile: Tile };

/** @throws AppError query_too_large */
export type MakeTile = (query: TileQuery) => Promise<Buffer>;

export const MAX_ZOOM = 18;
/** Single trips are drawn from this zoom level on: a tile with more of a city holds millions. */
const MIN_TRIP_ZOOM = 10;

export const minZoomOf = ({ scope }: FeatureQuery["collection"]): number => (scope === "trips" ? MIN_TRIP_ZOOM : 0);

/** The tile of three texts. Undefined: there is none. */
export function tileFrom(z: string, x: string, y: string): Tile | undefined {
  if (![z, x, y].every((text) => /^\d{1,6}$/.test(text))) return undefined;
  const tile = { z: Number(z), x: Number(x), y: Number(y) };
  const side = 2 ** tile.z;
  return tile.z <= MAX_ZOOM && tile.x < side && tile.y < side ? tile : undefined;
}
