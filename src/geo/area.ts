import type { MultiPolygon, Polygon, Position } from "geojson";
import { z } from "zod";
import { AppError } from "../errors.ts";

export const Match = z.enum(["origin", "destination", "both", "either"]);
export type Match = z.infer<typeof Match>;

/** The area of a question: polygons, united, or the boundary of a region. Degrees, longitude first. */
export type Area = PolygonArea | { kind: "boundary"; region: string };

export interface PolygonArea {
  kind: "polygons";
  polygons: PolygonGeometry[];
  /** Polygons that are not valid are mended instead of refused. */
  makeValid?: boolean | undefined;
  /** If the polygon stands for a circle: how many vertices it has, and how far it departs from the circle at most. */
  circle?: { vertices: number; error_m: number };
}

/** A coordinate reference system as GeoJSON of 2008 names it. PostGIS reads this member. */
export interface Crs {
  type: "name";
  properties: { name: `EPSG:${number}` };
}

/** A polygon. Without `crs` in degrees, longitude first; else in the coordinates of that system, easting first. */
export type PolygonGeometry = (Polygon | MultiPolygon) & { crs?: Crs };

/**
 * Default limit of the vertices of an area. `db/functions/areas/checked_area.sql` has the same limit for SQL callers.
 */
export const MAX_VERTICES = 50_000;

/**
 * Checks how many vertices the areas of one request have together.
 *
 * @throws AppError invalid_area if they have more than `maxVertices`
 */
export function checkVertices(areas: readonly { path: string; area: Area }[], maxVertices: number): void {
  const counts = areas.map(({ path, area }) => ({
    path,
    vertices: area.kind === "polygons" ? verticesOf(area.polygons) : 0,
  }));
  const all = counts.reduce((sum, { vertices }) => sum + vertices, 0);
  const [largest] = counts.toSorted((a, b) => b.vertices - a.vertices);
  if (all <= maxVertices || !largest) return;
  invalidArea(
    largest.path,
    `the areas have ${all} vertices together, this one ${largest.vertices}; at most ${maxVertices} are allowed: simplify them`,
  );
}

/** How many vertices polygons have together. */
export const verticesOf = (polygons: readonly PolygonGeometry[]): number =>
  polygons.reduce((sum, polygon) => sum + countVertices(polygon), 0);

function countVertices(polygon: PolygonGeometry): number {
  const rings = polygon.type === "Polygon" ? polygon.coordinates : polygon.coordinates.flat();
  return rings.reduce((sum, ring) => sum + ring.length, 0);
}

/** Refuses an area with an error that names the member at fault and, if it is known, the place. */
export function invalidArea(path: string, detail: string, at?: Position): never {
  const place = at ? { at: at.slice(0, 2) } : {};
  throw new AppError("invalid_area", `${path}: ${detail}`, { errors: [{ field: path, detail }], ...place });
}
