import type { Geometry } from "geojson";
import { polygonsFromGeoJson } from "../geo/area-geojson.ts";
import { nearest } from "../kit/nearest.ts";
import { shown, shownName } from "../kit/shown.ts";
import { isStorable } from "../kit/storable.ts";
import { type Collection, GEOMETRY, type PropertyType } from "./collection.ts";
import { Cql2Error, type Filter, MAX_OPERANDS, type Scalar, type Shape, type Time } from "./cql2.ts";
import { type Crs, geometryToCrs84 } from "./crs.ts";
import { isInstant } from "./instant.ts";

/** What a value is, as far as it can be compared. */
export type Kind = "string" | "number" | "boolean" | "instant";

/**
 * The filter with its geometries as longitude and latitude, once every property exists and every comparison is of the
 * same kind of value.
 *
 * @param crs of the coordinates in the filter
 * @throws Cql2Error; AppError invalid_area for a polygon
 */
export function checkedFilter(filter: Filter, collection: Collection, crs: Crs, maxVertices: number): Filter {
  let operands = 0;
  const kind = (one: Scalar) => {
    if (++operands > MAX_OPERANDS) throw new Cql2Error(`it has more than ${MAX_OPERANDS} operands`);
    return kindOf(one, collection);
  };
  const same = (...all: Scalar[]) => {
    const [first, ...others] = all.map(kind);
    const other = others.find((one) => one !== first && !isBoth(all, first, one));
    if (other !== undefined) throw new Cql2Error(`a ${first} cannot be compared with a ${other}`);
  };
  const text = (one: Scalar) => {
    if (kind(one) !== "string") throw new Cql2Error("LIKE and CASEI take texts only");
  };
  const shape = (one: Shape): Shape => {
    if (++operands > MAX_OPERANDS) throw new Cql2Error(`it has more than ${MAX_OPERANDS} operands`);
    if ("property" in one) return geometryProperty(one, collection);
    return { geometry: checkedGeometry(one.geometry, crs, maxVertices) };
  };
  const time = (one: Time): void => {
    const parts = "interval" in one ? one.interval.filter((bound): bound is Scalar => bound !== "..") : [one];
    for (const part of parts) {
      if (kind(part) !== "instant" && !("value" in part && typeof part.value === "string" && isInstant(part.value))) {
        throw new Cql2Error("expected a date, a timestamp or a property of that type");
      }
    }
    if ("interval" in one) checkOrder(one.interval);
  };
  const checked = (one: Filter): Filter => {
    if ("and" in one) return { and: one.and.map(checked) };
    if ("or" in one) return { or: one.or.map(checked) };
    if ("not" in one) return { not: checked(one.not) };
    if ("spatial" in one) return { ...one, left: shape(one.left), right: shape(one.right) };
    if ("compare" in one) same(one.left, one.right);
    else if ("like" in one) [one.like, one.pattern].forEach(text);
    else if ("between" in one) same(one.between, one.low, one.high);
    else if ("in" in one) same(one.in, ...one.list);
    else if ("temporal" in one) [one.left, one.right].forEach(time);
    else if ("truth" in one) {
      if (kind(one.truth) !== "boolean") throw new Cql2Error("a value that is neither true nor false is no condition");
    } else if (!("geometry" in one.isNull) && !isGeometry(one.isNull)) kind(one.isNull as Scalar);
    return one;
  };
  return checked(filter);
}

/** @throws Cql2Error if both bounds are given and the second is the earlier one, as for the parameter `datetime` */
function checkOrder([from, to]: readonly [Scalar | "..", Scalar | ".."]): void {
  const [first, last] = [from, to].map((one) => Date.parse(instantText(one)));
  if (first !== undefined && last !== undefined && first > last) {
    throw new Cql2Error(`an interval ends before it begins: ${shown(instantText(from))}, ${shown(instantText(to))}`);
  }
}

/** The text of a date or timestamp; empty for anything else. */
function instantText(one: Scalar | ".."): string {
  if (one === "..") return "";
  if ("date" in one) return one.date;
  return "timestamp" in one ? one.timestamp : "";
}

const isGeometry = (one: Scalar | Shape) => "property" in one && one.property === GEOMETRY;

/** A text that is a date may be compared with a date: some clients send no other literals. */
function isBoth(all: readonly Scalar[], a: Kind | undefined, b: Kind): boolean {
  if (![a, b].includes("instant") || ![a, b].includes("string")) return false;
  return all.every((one) => !("value" in one) || (typeof one.value === "string" && isInstant(one.value)));
}

const KINDS: Readonly<Record<PropertyType, Kind>> = {
  ...{ string: "string", integer: "number", number: "number", boolean: "boolean" },
  ...{ date: "instant", "date-time": "instant", "local-time": "instant" },
};

/** @throws Cql2Error if there is no such property, or a date or timestamp is none */
export function kindOf(one: Scalar, collection: Collection): Kind {
  if ("property" in one) return KINDS[propertyOf(one.property, collection)];
  if ("casei" in one) {
    if (kindOf(one.casei, collection) !== "string") throw new Cql2Error("LIKE and CASEI take texts only");
    return "string";
  }
  if ("date" in one) {
    if (/^\d{4}-\d\d-\d\d$/.test(one.date) && isInstant(one.date)) return "instant";
    throw new Cql2Error(`expected a date such as 2018-05-21, but got ${shown(one.date)}`);
  }
  if ("timestamp" in one) {
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(one.timestamp) && isInstant(one.timestamp)) {
      return "instant";
    }
    throw new Cql2Error(`expected a timestamp such as 2018-05-21T08:00:00Z, but got ${shown(one.timestamp)}`);
  }
  if (typeof one.value === "string" && !isStorable(one.value)) throw new Cql2Error("a text has control characters");
  return typeof one.value as Kind;
}

function propertyOf(name: string, { properties }: Collection): PropertyType {
  const found = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (found) return found.type;
  if (name === GEOMETRY) throw new Cql2Error(`${GEOMETRY} can only stand in a spatial function`);
  const names = Object.keys(properties);
  throw new Cql2Error(
    `there is no property ${shownName(name)}; did you mean ${nearest(name, names) ?? names.join(", ")}?`,
  );
}

function geometryProperty(one: { property: string }, collection: Collection): Shape {
  if (one.property === GEOMETRY) return one;
  propertyOf(one.property, collection);
  throw new Cql2Error(`${shownName(one.property)} is no geometry; the only one is ${GEOMETRY}`);
}

const TYPES = ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"];

function checkedGeometry(given: Geometry, crs: Crs, maxVertices: number): Geometry {
  checkPositions(given, maxVertices);
  const geometry = geometryToCrs84(crs, given);
  if (geometry.type === "GeometryCollection") {
    for (const one of geometry.geometries) checkedGeometry(one, { ...crs, srid: 4326, isLatFirst: false }, maxVertices);
  }
  if (geometry.type === "Polygon" || geometry.type === "MultiPolygon") {
    polygonsFromGeoJson(geometry, "filter", maxVertices);
  }
  return geometry;
}

/** @throws Cql2Error if the value is no geometry whose positions are pairs of numbers */
function checkPositions(given: Geometry, maxVertices: number, level = 0): void {
  if (given.type === "GeometryCollection" && Array.isArray(given.geometries) && level < 8) {
    for (const one of given.geometries) checkPositions(one, maxVertices, level + 1);
    return;
  }
  if (!TYPES.includes(given.type) || !("coordinates" in given)) {
    throw new Cql2Error(`expected a GeoJSON geometry, but got ${shown(given)}`);
  }
  let positions = 0;
  const depth = { Point: 0, LineString: 1, MultiPoint: 1, Polygon: 2, MultiLineString: 2, MultiPolygon: 3 };
  const check = (value: unknown, left: number): void => {
    if (!Array.isArray(value) || value.length === 0)
      throw new Cql2Error(`${given.type}: its coordinates are not right`);
    if (left > 0) for (const one of value) check(one, left - 1);
    else if (value.length < 2 || !value.every(Number.isFinite) || ++positions > maxVertices) {
      throw new Cql2Error(`${given.type}: expected at most ${maxVertices} positions, each of two numbers`);
    }
  };
  check(given.coordinates, depth[given.type as keyof typeof depth]);
}
