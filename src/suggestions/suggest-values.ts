import { type CellForm, pointFromCell } from "../geo/cell-point.ts";
import { type PathForm, pathIn } from "../geo/path.ts";
import type { PointForm } from "../geo/point.ts";
import { pointIn } from "../geo/point.ts";
import { degreesOfText } from "../text/degrees-text.ts";
import { numberOfText } from "../text/number-text.ts";
import { MOST } from "./suggest-joined.ts";
import { cellFormOf, coordinateOf, endOf, isEndAlone, isPathName, isTimeName, orderOf } from "./suggest-names.ts";
import { isTimeLike } from "./suggest-times.ts";

/** Texts that files contain in place of a missing value. */
const NOTHING = new Set(["NULL", "null", "\\N", "NA", "N/A", "NaN", "nan", "None", "-"]);

/** The name and the contents of a column, as far as the first rows show them. */
export interface Profile {
  name: string;
  end: "start" | "end" | undefined;
  /** Its values, without the missing ones. */
  values: readonly unknown[];
  /** The texts in it that mean "no value". */
  nothing: readonly string[];
  /** True if most values are numbers. Also true without any values, since none contradicts it. */
  isNumber: boolean;
  isTime: boolean;
  coordinate: "lat" | "lon" | undefined;
  form: PointForm | CellForm | undefined;
  /** How its ways are written, if it holds ways. */
  path: PathForm | undefined;
  /** The column that follows it: the time of day after a date. */
  with?: string | undefined;
}

/** So many values of a column show what it holds: of a thousand, all would take 20 ms where they look like times. */
const LOOKED_AT = 200;
/** Where none of so many is a time, the column holds none. */
const FIRST_LOOK = 20;
/** Ways are long: so many characters of them, or vertices, are looked at. */
const MAX_WAYS = 500_000;
/** No point is written longer. */
const MAX_POINT = 1000;

/** Up to `most` of the values, evenly spread. */
export function sampleOf<T>(values: readonly T[], most = LOOKED_AT): readonly T[] {
  const step = values.length / most;
  return step <= 1 ? values : Array.from({ length: most }, (_, i) => values[Math.floor(i * step)] as T);
}

/**
 * What a column holds. It takes up to about 5 ms.
 *
 * @param raw the values of a column in the first rows
 */
export function profileOf(name: string, raw: readonly unknown[], hasCommas = false): Profile {
  const given = raw.filter((value) => value !== undefined && value !== null && value !== "");
  const values = given.filter((value) => !NOTHING.has(value as string));
  const isNumber = most(values, (value) => !Number.isNaN(numberOf(value, hasCommas)));
  const looked = sampleOf(values);
  const coordinate = orderOf(name) ? undefined : coordinateOf(name);
  const inRange = (axis: "lat" | "lon") =>
    most(values, (value) => Math.abs(coordinateIn(value, axis, hasCommas)) <= (axis === "lat" ? 90 : 180));
  return {
    name,
    end: endOf(name),
    values,
    nothing: [...new Set(given.filter((value) => NOTHING.has(value as string)) as string[])],
    isNumber,
    isTime: values.length > 0 ? holdsTimes(looked, mayCount(name, looked)) : isTimeName(name),
    coordinate: coordinate && inRange(coordinate) ? coordinate : undefined,
    form: formNamed(name, looked) ?? (isNumber && values.length > 0 ? undefined : formOf(looked, orderOf(name))),
    path: pathFormOf(name, looked),
  };
}

/** Whether numbers of a column may be times: its name says so, or names an end alone and they can be Unix times. */
const mayCount = (name: string, values: readonly unknown[]): boolean =>
  isTimeName(name) || (isEndAlone(name) && values.every(isUnixTime));

/** Seconds and milliseconds since 1970 between 2000 and 2100. */
export const isUnixTime = (value: unknown): boolean => {
  const number = numberOf(value);
  const seconds = number > 1e11 ? number / 1000 : number;
  return Number.isInteger(number) && seconds > 946_684_800 && seconds < 4_102_444_800;
};

function holdsTimes(values: readonly unknown[], numbersToo: boolean): boolean {
  const isTime = (value: unknown) => isTimeLike(value, numbersToo);
  return sampleOf(values, FIRST_LOOK).some(isTime) && values.filter(isTime).length / values.length > 0.8;
}

/** Encoded polylines look like any other text, so the name of the column must speak for them. */
function pathFormOf(name: string, values: readonly unknown[]): PathForm | undefined {
  const given: unknown[] = [];
  let length = 0;
  for (const value of values) {
    if (isEmptyPath(value)) continue;
    given.push(value);
    length += lengthOf(value);
    if (length > MAX_WAYS) break;
  }
  if (given.length === 0) return undefined;
  const forms: readonly PathForm[] = isPathName(name)
    ? ["geojson", "wkt", "lon_lat", "lat_lon", "polyline"]
    : ["geojson", "wkt"];
  const form = forms.find((one) => most(given, (value) => pathIn(value, one).ok));
  return form !== undefined && given.some((value) => isLine(value, form)) ? form : undefined;
}

/** Characters of a text; of anything else the vertices of a way, as one of eight characters each. */
function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  const { coordinates, geometry } = (value ?? {}) as { coordinates?: unknown; geometry?: { coordinates?: unknown } };
  const vertices = [value, coordinates, geometry?.coordinates].find(Array.isArray);
  return 8 * (vertices?.length ?? 1);
}

const isEmptyPath = (value: unknown) => value === "[]" || (Array.isArray(value) && value.length === 0);

/** A point alone is no way. */
function isLine(value: unknown, form: PathForm): boolean {
  const parsed = pathIn(value, form);
  return parsed.ok && parsed.value.lengthM !== undefined;
}

/** Whether most values are so. True without values, since none contradicts it. */
const most = (values: readonly unknown[], isSo: (value: unknown) => boolean): boolean =>
  values.filter(isSo).length >= values.length * MOST;

/** A number, also if it is written as text, with or without separated thousands; NaN for anything else. */
export function numberOf(value: unknown, hasCommas = false): number {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return Number.NaN;
  if (hasCommas) return orNaN(numberOfText(value, { decimal: "," }));
  const number = Number(value);
  if (!Number.isNaN(number)) return number;
  return orNaN(numberOfText(value, { decimal: "." }) ?? numberOfText(value, {}));
}

const orNaN = (number: number | "ambiguous" | undefined) => (typeof number === "number" ? number : Number.NaN);

/** A coordinate, also with minutes and seconds or a letter; NaN for anything else. */
function coordinateIn(value: unknown, axis: "lon" | "lat", hasCommas: boolean): number {
  const number = numberOf(value, hasCommas);
  return Number.isNaN(number) && typeof value === "string" ? (degreesOfText(value, axis) ?? Number.NaN) : number;
}

/** Whether commas separate thousands in a column: `1,020` beside numbers with a decimal point. */
export const hasThousands = (values: readonly unknown[]): boolean =>
  values.some((value) => typeof value === "string" && /^\s*[+-]?\d{1,3}(,\d{3})+(\.\d*)?\s*$/.test(value));

/** Cells of a grid look like other names, so the name of the column must speak for them. */
function formNamed(name: string, values: readonly unknown[]): CellForm | undefined {
  const form = cellFormOf(name);
  return form && values.length > 0 && most(values, (value) => pointFromCell(value, form).ok) ? form : undefined;
}

function formOf(values: readonly unknown[], order: "lon_lat" | "lat_lon" | undefined): PointForm | undefined {
  const isShort = (value: unknown) => typeof value !== "string" || value.length <= MAX_POINT;
  const isIn = (form: PointForm) => most(values, (value) => isShort(value) && pointIn(value, form).ok);
  if (values.length === 0) return undefined;
  if (isIn("wkt")) return "wkt";
  if (isIn("wkb")) return "wkb";
  if (isIn("geojson")) return "geojson";
  if (most(values, (value) => typeof value === "object") && isIn("any")) return "any";
  if (order && isIn(order)) return order;
  // Most files with both coordinates in one text put the latitude first. Only a longitude beyond 90 shows otherwise.
  if (isIn("lat_lon")) return "lat_lon";
  return isIn("lon_lat") ? "lon_lat" : undefined;
}
