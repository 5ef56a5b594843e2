import { CsvError } from "csv-parse";
import { AppError } from "../errors.ts";
import { polygonsFromGeoJson } from "../geo/area-geojson.ts";
import { areaFromValue } from "../geo/area-text.ts";
import { crsFrom } from "../geo/crs.ts";
import { pointFromAny, pointIn, pointOf } from "../geo/point.ts";
import { breathe } from "../kit/event-loop.ts";
import { parseJson } from "../kit/json.ts";
import { shown } from "../kit/shown.ts";
import { charsetOf, wholeToUtf8 } from "../text/charset.ts";
import { csvRecords } from "../text/csv-records.ts";
import { csvShapeOf, isSeparatorLine } from "../text/csv-shape.ts";
import { inPieces } from "../text/in-pieces.ts";
import { numberOfText } from "../text/number-text.ts";
import type { SentPlace } from "./lookup.ts";

/** Of one area. */
const MAX_VERTICES = 200_000;
const MAX_PLACES = 200_000;
const IDS = [
  "id",
  "station_id",
  "stationid",
  "zone_id",
  "zoneid",
  "location_id",
  "locationid",
  "code",
  "number",
  "terminal",
  "short_name",
  ...["pk", "terminalname", "station id", "station_number", "station number", "num_cicloe"],
];
const LATS = ["lat", "latitude", "y", "station_latitude", "station latitude", "latitud", "breitengrad"];
const LONS = [
  ...["lon", "lng", "long", "longitude", "x", "station_longitude", "station longitude", "longitud"],
  ...["längengrad", "laengengrad"],
];

/** Columns with a point or an area as WKT, as databases export them. */
const GEOMETRIES = ["the_geom", "geom", "geometry", "wkt", "shape", "location", "point"];

/**
 * Reads the places of a lookup: a CSV with an id and coordinates or WKT, a GeoJSON FeatureCollection of points or areas,
 * or a list of stations in JSON, such as `station_information` of GBFS as it is.
 *
 * @param idName the column or property that has the ids; undefined: one with a usual name
 * @param parse parses JSON in UTF-8; long JSON is better parsed in slices
 * @throws AppError invalid_body, invalid_csv, invalid_json or invalid_area that says which place is faulty
 */
export async function readLookup(
  body: Buffer,
  idName: string | undefined,
  parse: (text: Buffer) => unknown = (text) => parseJson(text.toString("utf8")),
): Promise<SentPlace[]> {
  const text = wholeToUtf8(body, charsetOf(body, undefined));
  const head = text.toString("utf8", 0, HEAD_BYTES).replace(/^\uFEFF/, "");
  const isJson = /^\s*[{[]/.test(head);
  const start = text.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const places = isJson ? await fromJson(await parse(text.subarray(start)), idName) : await fromCsv(text, head, idName);
  if (places.length === 0) throw refusal("expected places, but there are none");
  if (places.length > MAX_PLACES)
    throw refusal(`expected at most ${MAX_PLACES} places, but there are ${places.length}`);
  return places;
}

const HEAD_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = Buffer.from("\uFEFF");
const LIMITS = { maxColumns: 1000, maxRowBytes: 16 * 1024 * 1024 };

async function fromCsv(text: Buffer, head: string, idName: string | undefined): Promise<SentPlace[]> {
  const shape = csvShapeOf(head, text.length <= HEAD_BYTES);
  let place: ((cells: readonly string[], where: string) => SentPlace[]) | undefined;
  const places: SentPlace[] = [];
  let record = 0;
  try {
    for await (const some of csvRecords(inPieces(text), { isStart: true, start: 0, style: shape, limits: LIMITS })) {
      for (const { cells } of some) {
        if (isSeparatorLine(cells) && record === 0) continue;
        const row = record++ - (shape.titles ?? 0);
        if (row < 0) continue;
        if (place) places.push(...place(cells, `row ${row}`));
        else place = reader(cells, idName);
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("invalid_csv", `The body is not CSV behind row ${record}.`, {}, { cause: error });
  }
  return places;
}

/** Makes the places of the rows below a header. */
function reader(cells: readonly string[], idName: string | undefined) {
  const header = cells.map((name) => name.trim());
  const idAt = columnOf(header, idName === undefined ? IDS : [idName], "an id");
  const shapeAt = indexOf(header, LONS) < 0 ? indexOf(header, GEOMETRIES) : -1;
  if (shapeAt >= 0)
    return (row: readonly string[], where: string) => placesIn(row[idAt]?.trim(), row[shapeAt] ?? "", where);
  const [lonAt, latAt] = [columnOf(header, LONS, "a longitude"), columnOf(header, LATS, "a latitude")];
  return (row: readonly string[], where: string) => {
    const [lon, lat] = [lonAt, latAt].map((at) => numberOfText(row[at] ?? "", {}, true));
    if (typeof lon !== "number" || typeof lat !== "number")
      throw refusal(`${where}: expected two coordinates in degrees`);
    return [placeAt(row[idAt]?.trim(), lon, lat, where)];
  };
}

/** The places of a cell with WKT: a point, or the parts of an area. */
function placesIn(id: unknown, wkt: string, where: string): SentPlace[] {
  const point = pointIn(wkt, "wkt");
  if (point.ok) return [placeAt(id, ...point.value, where)];
  const { polygons } = areaFromValue(wkt, where, { maxVertices: MAX_VERTICES });
  return polygons.map((geometry) => ({ id: idOf(id, where), geometry }));
}

/** The column with the first of these names that there is, or -1. */
function indexOf(header: readonly string[], names: readonly string[]): number {
  for (const name of names) {
    const at = header.findIndex((one) => one === name || one.toLowerCase() === name);
    if (at >= 0) return at;
  }
  return -1;
}

function columnOf(header: readonly string[], names: readonly string[], what: string): number {
  const at = indexOf(header, names);
  if (at >= 0) return at;
  throw new AppError(
    "invalid_csv",
    `The CSV has no column for ${what}: expected one of ${names.join(", ")}, but got ${shown(header.join(", "))}.`,
  );
}

async function fromJson(value: unknown, idName: string | undefined): Promise<SentPlace[]> {
  const { type, features, crs, data, network, stations } = (value ?? {}) as Record<string, unknown>;
  if (type === "FeatureCollection" && Array.isArray(features)) {
    return placesOf(features, (feature, i) => fromFeature(feature, crs, idName, `features.${i}`));
  }
  const list = Array.isArray(value) ? value : (stations ?? listIn(data) ?? listIn(network));
  if (Array.isArray(list)) return placesOf(list, (station, i) => [fromStation(station, idName, `stations.${i}`)]);
  throw refusal(
    "expected a CSV, a GeoJSON FeatureCollection, or a list of stations such as station_information of GBFS",
  );
}

async function placesOf(
  list: readonly unknown[],
  read: (one: unknown, i: number) => SentPlace[],
): Promise<SentPlace[]> {
  const places: SentPlace[] = [];
  for (const [i, one] of list.entries()) {
    await breathe();
    places.push(...read(one, i));
  }
  return places;
}

const listIn = (value: unknown) => (value as { stations?: unknown } | undefined)?.stations;

function fromStation(station: unknown, idName: string | undefined, where: string): SentPlace {
  const given = (station ?? {}) as Record<string, unknown>;
  const [lon, lat] = [LONS, LATS].map((names) => {
    const value = given[keyIn(given, names) ?? ""];
    return typeof value === "string" ? numberOfText(value, {}, true) : value;
  });
  if (typeof lon !== "number" || typeof lat !== "number") throw refusal(`${where}: expected lon and lat as numbers`);
  return placeAt(given[idName ?? keyIn(given, ["station_id", ...IDS]) ?? ""], lon, lat, where);
}

/** The first of these names that an object has, in any case. */
function keyIn(value: object, names: readonly string[]): string | undefined {
  const keys = Object.keys(value);
  return names.flatMap((name) => keys.find((key) => key.toLowerCase() === name) ?? [])[0];
}

function fromFeature(feature: unknown, crs: unknown, idName: string | undefined, where: string): SentPlace[] {
  const { id: own, properties, geometry } = (feature ?? {}) as Record<string, unknown>;
  const given = (properties ?? {}) as Record<string, unknown>;
  const key = idName ?? keyIn(given, IDS);
  const id = idOf(key === undefined ? own : given[key], where);
  const { type, coordinates } = (geometry ?? {}) as { type?: unknown; coordinates?: unknown };
  if (type === "Polygon" || type === "MultiPolygon") {
    const area = crs === undefined ? geometry : { crs, ...(geometry as object) };
    return polygonsFromGeoJson(area, `${where}.geometry`, MAX_VERTICES).map((polygon) => ({ id, geometry: polygon }));
  }
  const system = crsFrom(crs, "crs");
  if (type === "Point" && system) return [{ id, geometry: { type, coordinates, crs: system } }];
  const point = type === "Point" ? pointFromAny({ type, coordinates }) : undefined;
  if (point?.ok) return [{ id, geometry: { type: "Point", coordinates: point.value } }];
  throw refusal(`${where}: expected a Point, a Polygon or a MultiPolygon${point ? `: ${point.fault.detail}` : ""}`);
}

function placeAt(id: unknown, lon: number, lat: number, where: string): SentPlace {
  const point = pointOf(lon, lat);
  if (!point.ok) throw refusal(`${where}: ${point.fault.detail}`);
  return { id: idOf(id, where), geometry: { type: "Point", coordinates: point.value } };
}

function idOf(id: unknown, where: string): string {
  const text = typeof id === "number" ? String(id) : id;
  if (typeof text === "string" && text !== "" && text.length <= 200 && !text.includes("\0")) return text;
  throw refusal(`${where}: expected an id of 1 to 200 characters; id=NAME says which column or property has it`);
}

const refusal = (detail: string) => new AppError("invalid_body", detail, { errors: [{ field: "body", detail }] });
