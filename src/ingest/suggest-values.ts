import type { PointForm } from "../mapping.ts";
import { pointIn } from "../point.ts";
import { coordinateOf, endOf, isTimeName } from "./suggest-names.ts";
import { isTimeLike } from "./suggest-times.ts";

/** What files write where they have no value. */
const NOTHING = new Set(["NULL", "null", "\\N", "NA", "N/A", "NaN", "nan", "None", "-"]);

/** What a column is called and what it holds, as far as the first rows tell. */
export interface Profile {
  name: string;
  end: "start" | "end" | undefined;
  /** Its values, without what stands for none. */
  values: readonly unknown[];
  /** Texts in it that stand for no value. */
  nothing: readonly string[];
  /** Every value is a number, and there are some; the same without values, of which nothing speaks against it. */
  isNumber: boolean;
  isTime: boolean;
  coordinate: "lat" | "lon" | undefined;
  form: PointForm | undefined;
}

/** @param raw the values of a column in the first rows */
export function profileOf(name: string, raw: readonly unknown[]): Profile {
  const given = raw.filter((value) => value !== undefined && value !== null && value !== "");
  const values = given.filter((value) => !NOTHING.has(value as string));
  const isNumber = values.every((value) => !Number.isNaN(numberOf(value)));
  const times = values.filter((value) => isTimeLike(value, isTimeName(name))).length;
  const inRange = (limit: number) => isNumber && values.every((value) => Math.abs(numberOf(value)) <= limit);
  const coordinate = coordinateOf(name);
  return {
    name,
    end: endOf(name),
    values,
    nothing: [...new Set(given.filter((value) => NOTHING.has(value as string)) as string[])],
    isNumber,
    isTime: values.length > 0 ? times / values.length > 0.8 : isTimeName(name),
    coordinate: coordinate && inRange(coordinate === "lat" ? 90 : 180) ? coordinate : undefined,
    form: formOf(values),
  };
}

/** A number, also one that is written as text; NaN for anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

function formOf(values: readonly unknown[]): PointForm | undefined {
  const isIn = (form: PointForm) => values.every((value) => pointIn(value, form).ok);
  if (values.length === 0) return undefined;
  if (isIn("wkt")) return "wkt";
  if (isIn("geojson")) return "geojson";
  if (values.every((value) => typeof value === "object") && isIn("any")) return "any";
  // Most who write both into one text put the latitude first; only longitudes beyond 90 tell.
  if (isIn("lat_lon")) return "lat_lon";
  return isIn("lon_lat") ? "lon_lat" : undefined;
}
