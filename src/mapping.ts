/** Targets that take one value each. */
export const FIELD_TARGETS = [
  ...(["trip_id", "source", "region", "started_at", "ended_at", "booked_at", "duration_s", "distance_m"] as const),
  ...(["origin", "origin_lon", "origin_lat", "destination", "destination_lon", "destination_lat"] as const),
  ...(["driver_id", "rider_id", "vehicle_model"] as const),
] as const;
export type FieldTarget = (typeof FIELD_TARGETS)[number];

/** Targets that are names or ids. */
export const TEXT_TARGETS = ["trip_id", "source", "region", "driver_id", "rider_id", "vehicle_model"] as const;

/** What a column of a sender becomes in a trip. `attributes` merges an object; `drop` leaves the column out. */
export type Target = FieldTarget | "attributes" | `attributes.${string}` | "drop";

/**
 * What a column holds. JSON must have exactly this type; a CSV must hold text that reads as it. An `id` is text or an
 * integer; `any` is kept as it is.
 */
export const COLUMN_TYPES = ["text", "id", "integer", "number", "point", "time", "object", "any"] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** How a point is written: `any` form that a native trip may use, or just this one. */
export const POINT_FORMS = ["any", "wkt", "geojson", "lon_lat", "lat_lon"] as const;
export type PointForm = (typeof POINT_FORMS)[number];

/** Units of durations and distances: how many seconds or metres they are. */
export const UNITS = {
  duration_s: { s: 1, ms: 0.001, min: 60, h: 3600 },
  distance_m: { m: 1, km: 1000, mi: 1609.344, ft: 0.3048 },
} as const;

/** A text or number that stands for no value; a number does so however it is written. */
export type EmptyValue = string | number;

export interface ColumnRule {
  to: Target;
  type: ColumnType;
  /** Of points. */
  form?: PointForm | undefined;
  /** Of durations and distances; the target's own unit if none is given. */
  unit?: string | undefined;
  /** What stands for no value in this column, beside what does in all. */
  empty?: readonly EmptyValue[] | undefined;
}

/** What may be the same for every trip of a mapping. */
export const CONSTANT_TARGETS = ["source", "region", "driver_id", "rider_id", "vehicle_model"] as const;
export type ConstantTarget = (typeof CONSTANT_TARGETS)[number] | `attributes.${string}`;

/** How a foreign CSV or JSON becomes trips, as data: the built-in formats are such mappings too. */
export interface Mapping {
  name: string;
  /** Rules by the sender's column names. */
  columns: Readonly<Record<string, ColumnRule>>;
  /** Values that every trip gets whose columns do not bring their own. */
  constants: Readonly<Partial<Record<ConstantTarget, string>>>;
  /** Tried in this order: `iso`, `unix`, `unix_ms` or a pattern, see `time-format.ts`. */
  timeFormats: readonly string[];
  /** IANA name: where the clocks run that times without an offset were read from; none: at the trip's origin. */
  timeZone?: string | undefined;
  /** What stands for no value in every column, beside null in JSON and nothing at all in a CSV. */
  empty?: readonly EmptyValue[] | undefined;
  /** What becomes of columns without a rule. */
  otherColumns: "attributes" | "drop";
}

/** A mapping with what is known of its making. The built-in ones have no dates. */
export interface StoredMapping extends Mapping {
  builtIn: boolean;
  createdAt: string | null;
  updatedAt: string | null;
}

/** @throws AppError mapping_built_in if the name is one of ours; invalid_parameter for an unknown time zone */
export type PutMapping = (mapping: Mapping) => Promise<{ mapping: StoredMapping; created: boolean }>;
export type FindMapping = (name: string) => Promise<StoredMapping | undefined>;
/** The built-in ones first, then the others by name. */
export type ListMappings = () => Promise<StoredMapping[]>;
/** Whether there was such a mapping. @throws AppError mapping_built_in if the name is one of ours */
export type DeleteMapping = (name: string) => Promise<boolean>;

/** How many of the fields a mapping has rules for. */
export const knownFields = (mapping: Mapping, fields: readonly string[]): number =>
  fields.filter((field) => Object.hasOwn(mapping.columns, field)).length;

/**
 * The mapping whose columns fit best: the one with the most columns among the fields. Of equals, the first of the list.
 */
export function recognise(mappings: readonly Mapping[], fields: readonly string[]): Mapping | undefined {
  return mappings.reduce<Mapping | undefined>(
    (best, mapping) => (!best || knownFields(mapping, fields) > knownFields(best, fields) ? mapping : best),
    undefined,
  );
}

/** The columns that become a target. */
export const columnsFor = (mapping: Mapping, target: Target): string[] =>
  Object.keys(mapping.columns).filter((column) => mapping.columns[column]?.to === target);

/** What the sender calls a target. */
export const nameFor = (mapping: Mapping, target: Target): string => columnsFor(mapping, target)[0] ?? target;

/** What a header lacks to make trips at all, in words for the sender; empty if nothing. */
export function lacks(mapping: Mapping, header: readonly string[]): string[] {
  const present = new Set(
    header.map((column) => (Object.hasOwn(mapping.columns, column) ? mapping.columns[column]?.to : undefined)),
  );
  const missing: string[] = [];
  if (!present.has("source") && mapping.constants.source === undefined) {
    missing.push(columnsFor(mapping, "source").join(" or "));
  }
  if (!present.has("started_at")) missing.push(columnsFor(mapping, "started_at").join(" or "));
  if (!present.has("origin") && !(present.has("origin_lon") && present.has("origin_lat"))) {
    const pair = [...columnsFor(mapping, "origin_lon"), ...columnsFor(mapping, "origin_lat")].join(" and ");
    missing.push([...columnsFor(mapping, "origin"), pair].filter((text) => text !== "").join(", or "));
  }
  return missing;
}
