import { flip } from "@turf/flip";
import type { Area, PolygonGeometry } from "./area.ts";

/**
 * The area with longitude and latitude exchanged, as if its sender had written latitude first.
 *
 * @returns undefined if it would leave the world, or is known by name or in other coordinates than degrees
 */
export function exchanged(area: Area | undefined): Area | undefined {
  if (area?.kind !== "polygons" || area.polygons.some(({ crs }) => crs)) return undefined;
  const polygons = area.polygons.map((polygon) => flip(polygon) as PolygonGeometry);
  const rings = polygons.flatMap(({ type, coordinates }) => (type === "Polygon" ? coordinates : coordinates.flat()));
  return rings.flat().every(([, lat = 0]) => Math.abs(lat) <= 90) ? { ...area, polygons } : undefined;
}

/** The hint about trips that lie in the area with its coordinates exchanged. */
export const exchangedHint = (trips: number): string =>
  `No trip lies in the area, but ${trips} ${trips === 1 ? "does" : "do"} with longitude and latitude exchanged: coordinates are [longitude, latitude].`;
