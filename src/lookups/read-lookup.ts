import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../errors.ts";
import { pointFromAny, pointOf } from "../geo/point.ts";
import { parseJson } from "../kit/json.ts";
import { shown } from "../kit/shown.ts";
import { charsetOf, wholeToUtf8 } from "../text/charset.ts";
import { optionsFor } from "../text/csv-records.ts";
import { csvShapeOf } from "../text/csv-shape.ts";
import { numberOfText } from "../text/number-text.ts";
import type { SentPlace } from "./lookup.ts";

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

/**
 * Reads the places of a lookup: a CSV with an id and coordinates, a GeoJSON FeatureCollection of points or areas, or
 * `station_information` of GBFS as it is.
 *
 * @param idName the column or property that has the ids; undefined: one with a usual name
 * @throws AppError invalid_body, invalid_csv or invalid_json that says which place is faulty
 */
export function readLookup(body: Buffer, idName: string | undefined): SentPlace[] {
  const text = wholeToUtf8(body, charsetOf(body, undefined))
    .toString("utf8")
    .replace(/^\uFEFF/, "");
  const places = /^\s*[{[]/.test(text) ? fromJson(parseJson(text), idName) : fromCsv(text, idName);
  if (places.length === 0) throw refusal("expected places, but there are none");
  if (places.length > MAX_PLACES)
    throw refusal(`expected at most ${MAX_PLACES} places, but there are ${places.length}`);
  return places;
}

function fromCsv(text: string, idName: string | undefined): SentPlace[] {
  const shape = csvShapeOf(text, true);
  let records: string[][];
  try {
    records = parse(text, optionsFor(shape));
    records.splice(0, shape.titles ?? 0);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("invalid_csv", `The body is not CSV at line ${error.lines ?? 1}.`, {}, { cause: error });
  }
  const header = (records.shift() ?? []).map((name) => name.trim());
  const idAt = columnOf(header, idName === undefined ? IDS : [idName], "an id");
  const [lonAt, latAt] = [columnOf(header, LONS, "a longitude"), columnOf(header, LATS, "a latitude")];
  return records.map((cells, i) => {
    const where = `row ${i + 1}`;
    const [lon, lat] = [lonAt, latAt].map((at) => numberOfText(cells[at] ?? "", {}, true));
    if (typeof lon !== "number" || typeof lat !== "number")
      throw refusal(`${where}: expected two coordinates in degrees`);
    return placeAt(cells[idAt]?.trim(), lon, lat, where);
  });
}

function columnOf(header: readonly string[], names: readonly string[], what: string): number {
  for (const name of names) {
    const at = header.findIndex((one) => one === name || one.toLowerCase() === name);
    if (at >= 0) return at;
  }
  throw new AppError(
    "invalid_csv",
    `The CSV has no column for ${what}: expected one of ${names.join(", ")}, but got ${shown(header.join(", "))}.`,
  );
}

function fromJson(value: unknown, idName: string | undefined): SentPlace[] {
  const { type, features, data, stations } = (value ?? {}) as Record<string, unknown>;
  if (type === "FeatureCollection" && Array.isArray(features)) {
    return features.map((feature, i) => fromFeature(feature, idName, `features.${i}`));
  }
  const list = stations ?? (data as { stations?: unknown } | undefined)?.stations;
  if (Array.isArray(list))
    return list.map((station, i) => fromStation(station, idName ?? "station_id", `stations.${i}`));
  throw refusal("expected a CSV, a GeoJSON FeatureCollection, or station_information of GBFS");
}

function fromStation(station: unknown, idName: string, where: string): SentPlace {
  const { lon, lat, ...more } = (station ?? {}) as Record<string, unknown>;
  if (typeof lon !== "number" || typeof lat !== "number") throw refusal(`${where}: expected lon and lat as numbers`);
  return placeAt(more[idName], lon, lat, where);
}

function fromFeature(feature: unknown, idName: string | undefined, where: string): SentPlace {
  const { id: own, properties, geometry } = (feature ?? {}) as Record<string, unknown>;
  const given = (properties ?? {}) as Record<string, unknown>;
  const names = Object.keys(given);
  const key = idName ?? IDS.flatMap((usual) => names.find((one) => one.toLowerCase() === usual) ?? [])[0];
  const id = key === undefined ? own : given[key];
  const { type, coordinates } = (geometry ?? {}) as { type?: unknown; coordinates?: unknown };
  if (type === "Polygon" || type === "MultiPolygon") return { id: idOf(id, where), geometry: { type, coordinates } };
  const point = type === "Point" ? pointFromAny({ type, coordinates }) : undefined;
  if (!point?.ok) throw refusal(`${where}: expected a Point, a Polygon or a MultiPolygon`);
  return { id: idOf(id, where), geometry: { type: "Point", coordinates: point.value } };
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
