import type { Geometry, Point } from "geojson";
import type { Pages } from "../kit/pages.ts";

/**
 * What a column holds. `instant` and `local-time` are microseconds since 1970, of an instant or as if a wall clock
 * showed UTC. `json` is JSON as text.
 */
export type ColumnType = "string" | "integer" | "number" | "boolean" | "instant" | "local-time" | "json";

export interface Column {
  name: string;
  type: ColumnType;
}

export type Value = string | number | boolean | null;

export interface Row {
  /** In the order of the columns. */
  values: readonly Value[];
  /** In degrees, longitude first. Null: the row has no place. */
  geometry: Geometry | null;
}

/** A row whose point stands among its values. The geometry is made where a format needs it. */
export class PointRow implements Row {
  readonly values: readonly Value[];
  readonly #point: readonly [lon: number, lat: number];

  constructor(values: readonly Value[], point: readonly [lon: number, lat: number]) {
    this.values = values;
    this.#point = point;
  }

  get geometry(): Point {
    return { type: "Point", coordinates: this.#point.map((i) => Number(this.values[i])) };
  }
}

export type GeometryType = "Point" | "LineString" | "Polygon" | "MultiPolygon";

/** Rows to export, which are read once. */
export interface Table {
  name: string;
  columns: readonly Column[];
  /** Undefined: its rows have no place. */
  geometry: GeometryType | undefined;
  /** Where in the values of every row its point is. Undefined: only `geometry` tells. */
  point?: readonly [lon: number, lat: number];
  pages: Pages<Row[]>;
  /** Whether the pages come out of an open transaction. */
  holdsSession: boolean;
  /** Further facts of an answer, as headers. */
  headers: Readonly<Record<string, string>>;
}

/**
 * Tells how many bytes are held beside the page that is read. Resolves once there is room for them.
 *
 * @throws AppError overloaded
 */
export type SayHeld = (bytes: number) => Promise<void>;

/** Writes a table in a format, part by part. */
export type WriteTable = (table: Table, sayHeld: SayHeld) => AsyncGenerator<string | Uint8Array>;

/** The bytes that a row takes, about: those of its texts and of what holds its values. */
export function bytesOfRow({ values }: Row): number {
  let bytes = BYTES_A_VALUE * values.length;
  for (const value of values) if (typeof value === "string") bytes += value.length;
  return bytes;
}
const BYTES_A_VALUE = 24;

/** The pages of a table one after the other. They are ended, also if the reader stops before. */
export async function* pagesOf({ pages }: Table): AsyncGenerator<Row[]> {
  try {
    for (let page = await pages.next(); page; page = await pages.next()) yield page;
  } finally {
    await pages.end();
  }
}

/** Bytes in parts that a slow reader can take one by one. */
export function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART) yield bytes.subarray(at, at + PART);
}
const PART = 128 * 1024;

/** Microseconds as ISO 8601, as short as they allow. `Z` ends an instant. */
export function timeText(micros: number, type: ColumnType): string {
  const ms = Math.floor(micros / 1000);
  const text = new Date(ms).toISOString().slice(0, 19);
  const fraction = micros - Math.floor(micros / 1_000_000) * 1_000_000;
  const shown = fraction === 0 ? "" : `.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
  return `${text}${shown}${type === "instant" ? "Z" : ""}`;
}

/** A value as text formats show it. */
export const shownValue = (value: Value, { type }: Column): Value =>
  typeof value === "number" && (type === "instant" || type === "local-time") ? timeText(value, type) : value;
