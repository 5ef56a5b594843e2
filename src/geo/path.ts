import codec from "@googlemaps/polyline-codec";
import { bad, ok, type Parsed } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import { type Point, pointFromAny } from "./point.ts";

/** How the way of a trip is written: `any` is GeoJSON, WKT or an array of [lon, lat]. */
export const PATH_FORMS = ["any", "geojson", "wkt", "lon_lat", "lat_lon", "polyline", "polyline6"] as const;
export type PathForm = (typeof PATH_FORMS)[number];

/** The ends of a way. */
export interface PathEnds {
  origin: Point;
  /** Undefined: only the place of the start is known. */
  destination: Point | undefined;
  /** Length in metres along its points. Undefined for a single point. */
  lengthM: number | undefined;
}

const EXPECTED = "expected a path: a GeoJSON LineString, WKT, [[lon, lat], …] or an encoded polyline";

/** The first and last point of a way, and its length on a sphere. A path without points is a fault. */
export function pathIn(value: unknown, form: PathForm): Parsed<PathEnds> {
  const vertices = verticesOf(value, form);
  if (!vertices) return bad("invalid_point", `${EXPECTED}, but got ${shown(value)}`);
  if (vertices.length === 0) return bad("invalid_point", "the path is empty: it has no first point");
  const points: Point[] = [];
  for (const vertex of vertices) {
    const point = pointFromAny(form === "lat_lon" && Array.isArray(vertex) ? vertex.slice(0, 2).reverse() : vertex);
    if (!point.ok) return point;
    points.push(point.value);
  }
  const [origin] = points as [Point];
  if (isSinglePoint(value)) return ok({ origin, destination: undefined, lengthM: undefined });
  return ok({ origin, destination: points.at(-1), lengthM: points.length > 1 ? lengthOf(points) : undefined });
}

const isSinglePoint = (value: unknown): boolean =>
  (typeof value === "string" && WKT_POINT.test(value)) ||
  (parsed(value) as { type?: unknown } | undefined)?.type === "Point";

function verticesOf(value: unknown, form: PathForm): unknown[] | undefined {
  if (form === "polyline" || form === "polyline6") {
    return typeof value === "string" ? decoded(value.trim(), form === "polyline" ? 5 : 6) : undefined;
  }
  if (form === "any" && typeof value === "string" && WKT_POINT.test(value)) return [value];
  const wkt = typeof value === "string" ? WKT_LINE.exec(value)?.[1] : undefined;
  if (wkt !== undefined && (form === "wkt" || form === "any")) {
    return wkt.split(",").map((pair) => pair.trim().split(/\s+/).map(Number));
  }
  if (form === "wkt") return undefined;
  const found = parsed(value);
  if (Array.isArray(found)) return form === "geojson" ? undefined : found;
  return form === "geojson" || form === "any" ? verticesOfGeoJson(found) : undefined;
}

const WKT_POINT = /^\s*(?:SRID\s*=\s*4326\s*;\s*)?POINT\s*\(/i;
const WKT_LINE = /^\s*(?:SRID\s*=\s*4326\s*;\s*)?LINESTRING\s*(?:Z\s*)?\(([^()]*)\)\s*$/i;

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** Characters of an encoded polyline. Other texts would be decoded to points at random. */
const ENCODED = /^[?-~]+$/;

/** The points of an encoded polyline, longitude first; latitude comes first in the text. */
function decoded(text: string, digits: number): Point[] | undefined {
  if (text === "") return [];
  if (!ENCODED.test(text)) return undefined;
  return codec.decode(text, digits).map(([lat, lon]) => [lon, lat] as const);
}

/** Collections in features in collections: of no file, but the text of a cell may nest them as often as it likes. */
const MAX_LEVELS = 8;

function verticesOfGeoJson(value: unknown, level = 0): unknown[] | undefined {
  if (typeof value !== "object" || value === null || level > MAX_LEVELS) return undefined;
  const { type, coordinates, geometry, features } = value as Record<string, unknown>;
  if (type === "Feature") return verticesOfGeoJson(geometry, level + 1);
  if (type === "FeatureCollection" && Array.isArray(features)) {
    const all = inTime(features).map((feature) => verticesOfGeoJson(feature, level + 1));
    return all.includes(undefined) ? undefined : (all as unknown[][]).flat();
  }
  if (!Array.isArray(coordinates)) return undefined;
  if (type === "Point") return [coordinates];
  if (type === "LineString" || type === "MultiPoint") return coordinates;
  return type === "MultiLineString" ? coordinates.flat() : undefined;
}

/** Points of a way in the order of their times, if each has one. */
function inTime(features: unknown[]): unknown[] {
  const timeOf = (feature: unknown) => (feature as { properties?: { timestamp?: unknown } })?.properties?.timestamp;
  if (!features.every((feature) => typeof timeOf(feature) === "number")) return features;
  return features.toSorted((a, b) => (timeOf(a) as number) - (timeOf(b) as number));
}

const RADIUS_M = 6_371_008.8;
const RADIANS = Math.PI / 180;

function lengthOf(points: readonly Point[]): number {
  let metres = 0;
  for (let i = 1; i < points.length; i++) metres += metresBetween(points[i - 1] as Point, points[i] as Point);
  return Math.round(metres * 10) / 10;
}

/** The great-circle distance of two points. */
function metresBetween([lon1, lat1]: Point, [lon2, lat2]: Point): number {
  const a =
    Math.sin(((lat2 - lat1) * RADIANS) / 2) ** 2 +
    Math.cos(lat1 * RADIANS) * Math.cos(lat2 * RADIANS) * Math.sin(((lon2 - lon1) * RADIANS) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(a)));
}
