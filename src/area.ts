import type { MultiPolygon, Polygon, Position } from "geojson";
import { AppError } from "./errors.ts";
import { shown } from "./point.ts";

/** What a question is asked about: polygons, united; or the boundary of a region. Degrees, longitude first. */
export type Area = { kind: "polygons"; polygons: PolygonGeometry[] } | { kind: "boundary"; region: string };

export type PolygonGeometry = Polygon | MultiPolygon;

/** West, south, east, north in degrees; west may be greater than east, and the box then crosses the antimeridian. */
export type Bbox = readonly [west: number, south: number, east: number, north: number];

/** As many vertices as an area may have; `db/functions/checked_area.sql` has the same for those who ask by SQL. */
export const MAX_VERTICES = 50_000;

/**
 * A bounding box from `W,S,E,N`.
 *
 * @throws AppError invalid_parameter if it is not four numbers; invalid_area if they are no box on the globe
 */
export function bboxFrom(text: string): Bbox {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [west, south, east, north] = numbers;
  if (numbers.length !== 4 || !numbers.every(Number.isFinite)) {
    throw new AppError(
      "invalid_parameter",
      `bbox: expected four numbers, west,south,east,north, but got ${shown(text)}`,
      {
        errors: [{ field: "bbox", detail: "expected west,south,east,north in degrees" }],
      },
    );
  }
  const box = [west, south, east, north] as unknown as Bbox;
  const fault = faultOfBox(box);
  if (fault) throw new AppError("invalid_area", `bbox: ${fault}`, { errors: [{ field: "bbox", detail: fault }] });
  return box;
}

function faultOfBox([west, south, east, north]: Bbox): string | undefined {
  if (Math.abs(west) > 180 || Math.abs(east) > 180) return "longitude must be within -180..180";
  if (Math.abs(south) > 90 || Math.abs(north) > 90) return "latitude must be within -90..90";
  if (south >= north) return `south (${south}) must be less than north (${north})`;
  if (west === east) return `west and east are both ${west}, so the box has no area`;
  return undefined;
}

/** The polygon of a box; where it crosses the antimeridian, one on each side. */
export function polygonOfBox([west, south, east, north]: Bbox): PolygonGeometry {
  const ring = (w: number, e: number): Position[] => [
    [w, south],
    [e, south],
    [e, north],
    [w, north],
    [w, south],
  ];
  if (west < east) return { type: "Polygon", coordinates: [ring(west, east)] };
  // A side that ends where it begins, on the antimeridian itself, has no area.
  const sides = [ring(west, 180), ring(-180, east)].filter((side) => side[0]?.[0] !== side[1]?.[0]);
  const [only, second] = sides;
  if (only && !second) return { type: "Polygon", coordinates: [only] };
  return { type: "MultiPolygon", coordinates: sides.map((side) => [side]) };
}

/**
 * The polygons of GeoJSON from outside: a Polygon, a MultiPolygon, a Feature of one, a collection of them. Everything
 * that SQL would notice too late or could not explain is checked here: types, numbers, closed rings, the span of a ring,
 * the number of vertices. Edges that cross are left to PostGIS, which finds them at 10,000 vertices in 15 ms.
 *
 * @throws AppError invalid_area that names the member at fault, such as `area.coordinates[0][3]`
 */
export function polygonsFromGeoJson(value: unknown, path = "area"): PolygonGeometry[] {
  const polygons: PolygonGeometry[] = [];
  collect(value, path, polygons);
  const vertices = polygons.reduce((sum, polygon) => sum + countVertices(polygon), 0);
  if (vertices > MAX_VERTICES) fail(path, `it has ${vertices} vertices; at most ${MAX_VERTICES} are allowed`);
  return polygons;
}

/** Collections in collections are allowed, within reason: each level is a call. */
const MAX_NESTING = 8;

function collect(value: unknown, path: string, into: PolygonGeometry[], level = 0): void {
  if (typeof value !== "object" || value === null) fail(path, `expected a GeoJSON object, but got ${shown(value)}`);
  if (level > MAX_NESTING) fail(path, `it is nested more than ${MAX_NESTING} levels deep`);
  const { type, geometry, features, geometries, coordinates } = value as Record<string, unknown>;
  const collectAll = (members: unknown, name: string) =>
    checkEach(members, `${path}.${name}`, (member, memberPath) => collect(member, memberPath, into, level + 1));
  switch (type) {
    case "Feature":
      collect(geometry, `${path}.geometry`, into, level + 1);
      break;
    case "FeatureCollection":
      collectAll(features, "features");
      break;
    case "GeometryCollection":
      collectAll(geometries, "geometries");
      break;
    case "Polygon":
      checkPolygon(coordinates, `${path}.coordinates`);
      into.push({ type, coordinates } as Polygon);
      break;
    case "MultiPolygon":
      checkEach(coordinates, `${path}.coordinates`, checkPolygon);
      into.push({ type, coordinates } as MultiPolygon);
      break;
    default:
      fail(`${path}.type`, `expected Polygon, MultiPolygon, Feature or FeatureCollection, but got ${shown(type)}`);
  }
}

function checkEach(value: unknown, path: string, check: (item: unknown, path: string) => void): void {
  if (!Array.isArray(value) || value.length === 0) fail(path, "expected an array that is not empty");
  for (const [i, item] of value.entries()) check(item, `${path}[${i}]`);
}

const checkPolygon = (value: unknown, path: string) => checkEach(value, path, checkRing);

function checkRing(value: unknown, path: string): void {
  checkEach(value, path, checkPosition);
  const ring = value as Position[];
  const [first, last] = [ring[0], ring.at(-1)];
  if (first?.[0] !== last?.[0] || first?.[1] !== last?.[1]) {
    fail(path, `the ring is not closed: it begins at (${first}) and ends at (${last})`, last);
  }
  if (ring.length < 4)
    fail(path, `a ring has at least 4 positions, the last one equal to the first, but this has ${ring.length}`, first);
  let [west, east] = [180, -180];
  for (const [lon = 0] of ring) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
  }
  if (east - west > 180) {
    fail(
      path,
      `the ring spans ${east - west} degrees of longitude, more than 180: split an area that crosses the antimeridian there (RFC 7946, 3.1.9)`,
      first,
    );
  }
}

function checkPosition(value: unknown, path: string): void {
  if (!Array.isArray(value) || value.length < 2 || !value.slice(0, 2).every(Number.isFinite)) {
    fail(path, `expected [longitude, latitude], but got ${shown(value)}`);
  }
  const [lon, lat] = value as [number, number];
  if (Math.abs(lon) > 180) fail(path, `longitude ${lon} is not within -180..180`, value);
  if (Math.abs(lat) > 90) fail(path, `latitude ${lat} is not within -90..90`, value);
}

function countVertices(polygon: PolygonGeometry): number {
  const rings = polygon.type === "Polygon" ? polygon.coordinates : polygon.coordinates.flat();
  return rings.reduce((sum, ring) => sum + ring.length, 0);
}

function fail(path: string, detail: string, at?: Position): never {
  const place = at ? { at: at.slice(0, 2) } : {};
  throw new AppError("invalid_area", `${path}: ${detail}`, { errors: [{ field: path, detail }], ...place });
}
