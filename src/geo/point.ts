import { z } from "zod";
import { bad, ok, type Parsed } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import { isHex, pointOfWkb } from "./wkb.ts";

/** Longitude and latitude in degrees, WGS 84; longitude in [-180, 180), latitude in [-90, 90]. */
export const Point = z
  .tuple([z.number(), z.number()])
  .readonly()
  .meta({ description: "Longitude, latitude in degrees" });
export type Point = z.infer<typeof Point>;

/** How a point is written: in `any` form that a native trip may use, or only in this one. */
export const POINT_FORMS = ["any", "wkt", "wkb", "geojson", "lon_lat", "lat_lon"] as const;
export type PointForm = (typeof POINT_FORMS)[number];

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

/** No point is longer, and a regular expression can take quadratic time to find that a text does not fit. */
const MAX_TEXT = 200;
const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`;
const WKT_POINT = new RegExp(
  String.raw`^\s*(?:SRID\s*=\s*4326\s*;\s*)?POINT\s*(?:ZM?|M)?\s*\(\s*(${NUMBER})\s+(${NUMBER})(?:\s+${NUMBER}){0,2}\s*\)\s*$`,
  "i",
);

/** A point from WKT, `POINT (lon lat)`; an EWKT prefix `SRID=4326;` is allowed, and heights are left out. */
export function pointFromWkt(text: string): Parsed<Point> {
  const match = text.length > MAX_TEXT ? null : WKT_POINT.exec(text);
  if (!match)
    return bad("invalid_point", `expected WKT like POINT (7.67 44.99), longitude first, but got ${shown(text)}`);
  return pointOf(Number(match[1]), Number(match[2]));
}

/** A point from WKB or EWKB as hexadecimal digits. */
function pointFromWkb(value: unknown): Parsed<Point> {
  const found = typeof value === "string" ? pointOfWkb(value) : undefined;
  if (Array.isArray(found)) return pointOf(...found);
  if (found) return bad("invalid_point", `the point has the SRID ${found.srid}; expected 4326, degrees`);
  return bad("invalid_point", `expected WKB as hexadecimal digits, but got ${shown(value)}`);
}

/** A point in the known form of a column, or in `any` form that a native trip may use. */
export function pointIn(value: unknown, form: PointForm): Parsed<Point> {
  switch (form) {
    case "any":
      return pointFromAny(value);
    case "wkt":
      return typeof value === "string"
        ? pointFromWkt(value)
        : bad("wrong_type", `expected WKT, but got ${shown(value)}`);
    case "wkb":
      return pointFromWkb(value);
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
/** Numbers with decimal commas cannot have a comma between them. */
const TWO_WITH_COMMAS = /^\s*[[(]?\s*([+-]?\d+,\d+)(?:\s*;\s*|\s+)([+-]?\d+,\d+)\s*[\])]?\s*$/;

function twoNumbers(text: string): number[] | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const two = TWO.exec(text) ?? TWO_WITH_COMMAS.exec(text);
  return two?.slice(1).map((part) => Number(part.replace(",", ".")));
}

/** A point from both coordinates in one text or array, in the known order of the column. */
function pointFromTwo(value: unknown, latFirst: boolean): Parsed<Point> {
  const two = typeof value === "string" ? twoNumbers(value) : value;
  if (Array.isArray(two) && two.length === 2) return pointFromPair(latFirst ? two.toReversed() : two);
  const form = latFirst ? '"44.99,7.67", latitude first' : '"7.67,44.99", longitude first';
  return bad("invalid_point", `expected two coordinates like ${form}, but got ${shown(value)}`);
}

const FORMS = 'expected [lon, lat], {"lon", "lat"}, a GeoJSON Point or WKT';

/** A point in any form that a native trip may use: `[lon, lat]`, `{lon, lat}`, a GeoJSON Point, WKT. */
export function pointFromAny(value: unknown): Parsed<Point> {
  if (typeof value === "string") return isHex(value) ? pointFromWkb(value) : pointFromWkt(value);
  if (Array.isArray(value)) return pointFromPair(value);
  if (typeof value === "object" && value !== null) {
    const object = value as Record<string, unknown>;
    if (object.type === "Point" && Array.isArray(object.coordinates)) return pointFromPair(object.coordinates);
    if ("lon" in object && "lat" in object) return pointFromPair([object.lon, object.lat]);
  }
  return bad("invalid_point", `${FORMS}, but got ${shown(value)}`);
}

function pointFromPair(pair: unknown[]): Parsed<Point> {
  // GeoJSON allows a third coordinate, an altitude, which a trip does not use.
  if (pair.length < 2 || pair.length > 3) return bad("invalid_point", `${FORMS}, but got ${shown(pair)}`);
  const [lon, lat] = pair;
  if (typeof lon !== "number" || typeof lat !== "number") {
    return bad("wrong_type", `longitude and latitude must be numbers, but got ${shown(pair.slice(0, 2))}`);
  }
  return pointOf(lon, lat);
}
