import type { PointForm } from "./mapping.ts";

/** Longitude and latitude in degrees, WGS 84; longitude in [-180, 180), latitude in [-90, 90]. */
export type Point = readonly [lon: number, lat: number];

/** Why something is not what it should be: a stable code and what was expected. */
export interface Fault {
  code: FaultCode;
  detail: string;
}

/** The closed list of reasons why a field of a row is rejected. */
export type FaultCode =
  | "missing"
  | "wrong_type"
  | "out_of_range"
  | "invalid_time"
  | "invalid_point"
  | "invalid_text"
  | "invalid_json"
  | "invalid_row"
  | "week_retired";

export type Parsed<T> = { ok: true; value: T } | { ok: false; fault: Fault };

export const ok = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const bad = (code: FaultCode, detail: string): { ok: false; fault: Fault } => ({
  ok: false,
  fault: { code, detail },
});

/** What a sender wrote, short enough for a message and free of anything that could break one. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = "something nested too deeply";
  }
  return (text.length > 60 ? `${text.slice(0, 60)}…` : text).toWellFormed();
}

/**
 * A point from its two coordinates, in degrees. +180 becomes -180, so that one meridian has one name, and -0 becomes 0.
 */
export function pointOf(lon: number, lat: number): Parsed<Point> {
  if (!Number.isFinite(lon)) return bad("out_of_range", `longitude ${lon} is not a finite number`);
  if (!Number.isFinite(lat)) return bad("out_of_range", `latitude ${lat} is not a finite number`);
  if (lat < -90 || lat > 90) return bad("out_of_range", `latitude ${lat} is not within -90..90`);
  if (lon < -180 || lon > 180) return bad("out_of_range", `longitude ${lon} is not within -180..180`);
  return ok([lon === 180 ? -180 : lon + 0, lat + 0]);
}

/** No point takes more, and a regular expression can take the square of a text's length to find that it does not fit. */
const MAX_TEXT = 200;
const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`;
const WKT_POINT = new RegExp(
  String.raw`^\s*(?:SRID\s*=\s*4326\s*;\s*)?POINT\s*\(\s*(${NUMBER})\s+(${NUMBER})\s*\)\s*$`,
  "i",
);

/** A point from WKT, `POINT (lon lat)`; an EWKT prefix `SRID=4326;` is allowed. */
export function pointFromWkt(text: string): Parsed<Point> {
  const match = text.length > MAX_TEXT ? null : WKT_POINT.exec(text);
  if (!match)
    return bad("invalid_point", `expected WKT like POINT (7.67 44.99), longitude first, but got ${shown(text)}`);
  return pointOf(Number(match[1]), Number(match[2]));
}

/** A point in the one form that a column is known to have, or in `any` that a native trip may use. */
export function pointIn(value: unknown, form: PointForm): Parsed<Point> {
  switch (form) {
    case "any":
      return pointFromAny(value);
    case "wkt":
      return typeof value === "string"
        ? pointFromWkt(value)
        : bad("wrong_type", `expected WKT, but got ${shown(value)}`);
    case "geojson":
      return pointFromGeoJson(value);
    default:
      return pointFromTwo(value, form === "lat_lon");
  }
}

function pointFromGeoJson(value: unknown): Parsed<Point> {
  const object = typeof value === "string" ? jsonOrUndefined(value) : value;
  if (typeof object === "object" && object !== null && "type" in object && object.type === "Point") {
    return pointFromAny(object);
  }
  const form = '{"type":"Point","coordinates":[7.67,44.99]}';
  return bad("invalid_point", `expected a GeoJSON point like ${form}, but got ${shown(value)}`);
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const TWO = new RegExp(String.raw`^\s*[[(]?\s*(${NUMBER})(?:\s*[,;]\s*|\s+)(${NUMBER})\s*[\])]?\s*$`);

const twoNumbers = (text: string) => (text.length > MAX_TEXT ? undefined : TWO.exec(text)?.slice(1).map(Number));

/** Both coordinates in one text or array, in the order that the column is known to have. */
function pointFromTwo(value: unknown, latFirst: boolean): Parsed<Point> {
  const two = typeof value === "string" ? twoNumbers(value) : value;
  if (Array.isArray(two) && two.length === 2) return pointFromPair(latFirst ? two.toReversed() : two);
  const form = latFirst ? '"44.99,7.67", latitude first' : '"7.67,44.99", longitude first';
  return bad("invalid_point", `expected two coordinates like ${form}, but got ${shown(value)}`);
}

const FORMS = 'expected [lon, lat], {"lon", "lat"}, a GeoJSON Point or WKT';

/** A point in any form that a native trip may use: `[lon, lat]`, `{lon, lat}`, a GeoJSON Point, WKT. */
export function pointFromAny(value: unknown): Parsed<Point> {
  if (typeof value === "string") return pointFromWkt(value);
  if (Array.isArray(value)) return pointFromPair(value);
  if (typeof value === "object" && value !== null) {
    const object = value as Record<string, unknown>;
    if (object.type === "Point" && Array.isArray(object.coordinates)) return pointFromPair(object.coordinates);
    if ("lon" in object && "lat" in object) return pointFromPair([object.lon, object.lat]);
  }
  return bad("invalid_point", `${FORMS}, but got ${shown(value)}`);
}

function pointFromPair(pair: unknown[]): Parsed<Point> {
  // GeoJSON allows a third coordinate, an altitude, which a trip has no use for.
  if (pair.length < 2 || pair.length > 3) return bad("invalid_point", `${FORMS}, but got ${shown(pair)}`);
  const [lon, lat] = pair;
  if (typeof lon !== "number" || typeof lat !== "number") {
    return bad("wrong_type", `longitude and latitude must be numbers, but got ${shown(pair.slice(0, 2))}`);
  }
  return pointOf(lon, lat);
}
