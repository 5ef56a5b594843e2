import type { MultiPolygon, Polygon, Position } from "geojson";
import { shown } from "../kit/shown.ts";
import { type Crs, invalidArea, MAX_VERTICES, type PolygonGeometry, verticesOf } from "./area.ts";
import { crsFrom } from "./crs.ts";

/**
 * The polygons of GeoJSON from outside: a Polygon, a MultiPolygon, a Feature of one, or a collection of them. Faults
 * that SQL would notice too late or could not explain are checked here: types, numbers, closed rings, the span of a
 * ring, the number of vertices of all of them together. PostGIS checks for crossing edges, at 10,000 vertices in 15 ms.
 * A member `crs` holds for everything inside; PostGIS transforms these polygons.
 *
 * @throws AppError invalid_area that names the member at fault, such as `area.coordinates[0][3]`
 */
export function polygonsFromGeoJson(value: unknown, path = "area", maxVertices = MAX_VERTICES): PolygonGeometry[] {
  const polygons: PolygonGeometry[] = [];
  collect(value, path, polygons, undefined);
  const vertices = verticesOf(polygons);
  if (vertices > maxVertices)
    invalidArea(path, `it has ${vertices} vertices; at most ${maxVertices} are allowed: simplify it`);
  return polygons;
}

/** Limit of collections in collections: each level is a recursive call. */
const MAX_NESTING = 8;

function collect(value: unknown, path: string, into: PolygonGeometry[], outer: Crs | undefined, level = 0): void {
  if (typeof value !== "object" || value === null) {
    invalidArea(path, `expected a GeoJSON object, but got ${shown(value)}`);
  }
  if (level > MAX_NESTING) invalidArea(path, `it is nested more than ${MAX_NESTING} levels deep`);
  const { type, geometry, features, geometries, coordinates, crs: named } = value as Record<string, unknown>;
  const crs = named === undefined || named === null ? outer : crsFrom(named, `${path}.crs`);
  const collectAll = (members: unknown, name: string) =>
    checkEach(members, `${path}.${name}`, (member, memberPath) => collect(member, memberPath, into, crs, level + 1));
  const check = (polygon: unknown, polygonPath: string) => checkPolygon(polygon, polygonPath, crs !== undefined);
  const add = (polygon: Polygon | MultiPolygon) => into.push(crs ? { ...polygon, crs } : polygon);
  switch (type) {
    case "Feature":
      collect(geometry, `${path}.geometry`, into, crs, level + 1);
      break;
    case "FeatureCollection":
      collectAll(features, "features");
      break;
    case "GeometryCollection":
      collectAll(geometries, "geometries");
      break;
    case "Polygon":
      check(coordinates, `${path}.coordinates`);
      add({ type, coordinates } as Polygon);
      break;
    case "MultiPolygon":
      checkEach(coordinates, `${path}.coordinates`, check);
      add({ type, coordinates } as MultiPolygon);
      break;
    default:
      invalidArea(
        `${path}.type`,
        `expected Polygon, MultiPolygon, Feature or FeatureCollection, but got ${shown(type)}`,
      );
  }
}

function checkEach(value: unknown, path: string, check: (item: unknown, path: string) => void): void {
  if (!Array.isArray(value) || value.length === 0) invalidArea(path, "expected an array that is not empty");
  for (const [i, item] of value.entries()) check(item, `${path}[${i}]`);
}

const checkPolygon = (value: unknown, path: string, isProjected: boolean) =>
  checkEach(value, path, (ring, ringPath) => checkRing(ring, ringPath, isProjected));

function checkRing(value: unknown, path: string, isProjected: boolean): void {
  checkEach(value, path, isProjected ? checkNumbers : checkPosition);
  const ring = value as Position[];
  const [first, last] = [ring[0], ring.at(-1)];
  if (first?.[0] !== last?.[0] || first?.[1] !== last?.[1]) {
    invalidArea(
      path,
      `the ring is not closed: it begins at (${first?.slice(0, 2)}) and ends at (${last?.slice(0, 2)})`,
      last,
    );
  }
  if (ring.length < 4)
    invalidArea(
      path,
      `a ring has at least 4 positions, the last one equal to the first, but this has ${ring.length}`,
      first,
    );
  if (isProjected) return;
  let [west, east] = [180, -180];
  for (const [lon = 0] of ring) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
  }
  if (east - west > 180) {
    invalidArea(
      path,
      `the ring spans ${east - west} degrees of longitude, more than 180: split an area that crosses the antimeridian there (RFC 7946, 3.1.9)`,
      first,
    );
  }
}

function checkNumbers(value: unknown, path: string): void {
  if (!Array.isArray(value) || value.length < 2 || !value.slice(0, 2).every(Number.isFinite)) {
    invalidArea(path, `expected [longitude, latitude], but got ${shown(value)}`);
  }
}

function checkPosition(value: unknown, path: string): void {
  checkNumbers(value, path);
  const [lon, lat] = value as [number, number];
  if (Math.abs(lon) > 180 && Math.max(Math.abs(lon), Math.abs(lat)) > 360) {
    invalidArea(path, `(${lon}, ${lat}) are no degrees: name the coordinate reference system in crs`, [lon, lat]);
  }
  if (Math.abs(lon) > 180) invalidArea(path, `longitude ${lon} is not within -180..180`, [lon, lat]);
  if (Math.abs(lat) > 90) {
    const exchanged = Math.abs(lon) <= 90 && Math.abs(lat) <= 180;
    const hint = exchanged ? "; longitude comes first: are the two exchanged?" : "";
    invalidArea(path, `latitude ${lat} is not within -90..90${hint}`, [lon, lat]);
  }
}
