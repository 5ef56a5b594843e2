import type { ColumnForm } from "../geo/forms.ts";
import type { NumberStyle } from "../text/number-text.ts";
import type { Identity } from "../trips/identity.ts";
import { hasColumn, reads } from "./reach.ts";

/** Targets that take one value each. */
export const FIELD_TARGETS = [
  ...(["trip_id", "source", "region", "started_at", "ended_at", "booked_at", "duration_s", "distance_m"] as const),
  ...(["origin", "origin_lon", "origin_lat", "destination", "destination_lon", "destination_lat"] as const),
  ...(["driver_id", "rider_id", "vehicle_model"] as const),
] as const;
export type FieldTarget = (typeof FIELD_TARGETS)[number];

/** Targets that are names or ids. */
export const TEXT_TARGETS = ["trip_id", "source", "region", "driver_id", "rider_id", "vehicle_model"] as const;

/**
 * The part of a trip that a sender's column becomes. `path` is the way of a trip, which gives its ends and its length;
 * `attributes` merges an object; `drop` leaves the column out.
 */
export type Target = FieldTarget | "path" | "attributes" | `attributes.${string}` | "drop";

/**
 * The type of a column. A JSON value must have exactly this type; CSV text must be readable as it. An `id` is text or
 * an integer. An `any` value is kept unchanged.
 */
export const COLUMN_TYPES = ["text", "id", "integer", "number", "point", "path", "time", "object", "any"] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** Units of durations and distances, in seconds or metres. */
export const UNITS = {
  duration_s: { s: 1, ms: 0.001, min: 60, h: 3600 },
  distance_m: { m: 1, km: 1000, mi: 1609.344, ft: 0.3048 },
} as const;

/** A text or number that means "no value". A number matches however it is written. */
export type EmptyValue = string | number;

export interface ColumnRule {
  to: Target;
  type: ColumnType;
  /** Only for points and paths. */
  form?: ColumnForm | undefined;
  /** Columns whose texts follow this one's, each after a space: the time of day after the date. */
  with?: readonly string[] | undefined;
  /** Only for points: the name of the lookup that has the place of each id. */
  lookup?: string | undefined;
  /** Only for durations and distances. Undefined: the target's own unit. */
  unit?: string | undefined;
  /** Values that mean "no value" in this column, in addition to the mapping's `empty`. */
  empty?: readonly EmptyValue[] | undefined;
}

/** Targets that can have one constant value for every trip of a mapping. */
export const CONSTANT_TARGETS = ["source", "region", "driver_id", "rider_id", "vehicle_model"] as const;
export type ConstantTarget = (typeof CONSTANT_TARGETS)[number] | `attributes.${string}`;

/** The replacement for a missing value: another column, or a constant. */
export type Fallback = string | { constant: string };

/** Describes how a foreign CSV or JSON becomes trips. The built-in formats are mappings too. */
export interface Mapping {
  name: string;
  /** Rules by the sender's column names. */
  columns: Readonly<Record<string, ColumnRule>>;
  /** Values for trips whose columns do not provide their own. */
  constants: Readonly<Partial<Record<ConstantTarget, string>>>;
  /** By target: what gives its value if its own column has none, in this order. */
  fallbacks?: Readonly<Partial<Record<FieldTarget, readonly Fallback[]>>> | undefined;
  /** The path of the array of rows in JSON, such as `data.trips[*]`. Undefined: it is looked for. */
  rows?: string | undefined;
  /** False: a CSV has no header; the columns are named `1`, `2` and so on. */
  header?: false | undefined;
  /** How numbers are written in texts. Undefined: as the file shows. */
  numbers?: NumberStyle | undefined;
  /** Whether JSON may hold numbers, booleans and unix times as text. */
  textValues?: true | undefined;
  /** How rows without an id are told apart, unless the request says so. */
  identity?: Identity | undefined;
  /** Whether the source has to be named with the rows, since several senders share the format. */
  asksSource?: true | undefined;
  /**
   * Columns that must be there for the mapping to be recognised by itself, since files of others have the rest of its
   * columns too. Only built-in mappings have them.
   */
  knownBy?: readonly string[] | undefined;
  /** Tried in this order; each is one that `timeFormat` knows. */
  timeFormats: readonly string[];
  /** IANA name of the time zone of times without an offset. Undefined: the time zone of the trip's origin. */
  timeZone?: string | undefined;
  /** Values that mean "no value" in every column, besides null in JSON and an empty cell in a CSV. */
  empty?: readonly EmptyValue[] | undefined;
  /** Columns without a rule become attributes or are dropped. */
  otherColumns: "attributes" | "drop";
}

/** The format of a payload. */
export type Form = "json" | "ndjson" | "csv";

/** A mapping with its origin and dates. Built-in mappings have no dates. */
export interface StoredMapping extends Mapping {
  builtIn: boolean;
  createdAt: string | null;
  updatedAt: string | null;
}

/** @throws AppError mapping_built_in if a built-in mapping has the name; invalid_parameter for an unknown time zone */
export type PutMapping = (mapping: Mapping) => Promise<{ mapping: StoredMapping; created: boolean }>;
export type FindMapping = (name: string) => Promise<StoredMapping | undefined>;
/** The built-in mappings first, then the others by name. */
export type ListMappings = () => Promise<StoredMapping[]>;
/** Resolves to whether the mapping existed. @throws AppError mapping_built_in if a built-in mapping has the name */
export type DeleteMapping = (name: string) => Promise<boolean>;

/** Counts the fields that a mapping has rules for. */
export const knownFields = (mapping: Mapping, fields: readonly string[]): number =>
  fields.filter((field) => reads(mapping, field)).length;

/** The best fitting mapping: the one with rules for the most fields. On a tie, the first of the list. */
export function recognise(mappings: readonly Mapping[], fields: readonly string[]): Mapping | undefined {
  return mappings.reduce<Mapping | undefined>(
    (best, mapping) => (!best || knownFields(mapping, fields) > knownFields(best, fields) ? mapping : best),
    undefined,
  );
}

/** The sender's columns that become a target. */
export const columnsFor = (mapping: Mapping, target: Target): string[] =>
  Object.keys(mapping.columns).filter((column) => mapping.columns[column]?.to === target);

/** The sender's name for a target. */
export const nameFor = (mapping: Mapping, target: Target): string => columnsFor(mapping, target)[0] ?? target;

/** The columns that a header lacks to make trips, in words for the sender. Empty if it lacks none. */
export function lacks(mapping: Mapping, header: readonly string[]): string[] {
  const columns = Object.entries(mapping.columns).filter(([column]) => hasColumn(header, column));
  const present = new Set<string>(columns.map(([, { to }]) => to));
  for (const [target, fallbacks = []] of Object.entries(mapping.fallbacks ?? {})) {
    if (fallbacks.some((one) => typeof one !== "string" || hasColumn(header, one))) present.add(target);
  }
  const missing: string[] = [];
  if (!present.has("source") && mapping.constants.source === undefined && !mapping.asksSource) {
    missing.push(columnsFor(mapping, "source").join(" or "));
  }
  if (!present.has("started_at")) missing.push(columnsFor(mapping, "started_at").join(" or "));
  if (!present.has("origin") && !present.has("path") && !(present.has("origin_lon") && present.has("origin_lat"))) {
    const pair = [...columnsFor(mapping, "origin_lon"), ...columnsFor(mapping, "origin_lat")].join(" and ");
    missing.push(
      [...columnsFor(mapping, "origin"), ...columnsFor(mapping, "path"), pair]
        .filter((text) => text !== "")
        .join(", or "),
    );
  }
  return missing;
}
