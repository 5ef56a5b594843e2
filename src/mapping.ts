import type { TimeFormat } from "./time.ts";

/** What a column of a sender becomes in a trip. `attributes` merges an object; `drop` leaves the column out. */
export type Target =
  | "trip_id"
  | "source"
  | "region"
  | "started_at"
  | "ended_at"
  | "booked_at"
  | "duration_s"
  | "distance_m"
  | "origin"
  | "origin_lon"
  | "origin_lat"
  | "destination"
  | "destination_lon"
  | "destination_lat"
  | "driver_id"
  | "rider_id"
  | "vehicle_model"
  | "attributes"
  | `attributes.${string}`
  | "drop";

/** What a column holds. JSON must have exactly this type; a CSV must hold text that reads as it. */
export type ColumnType = "text" | "integer" | "number" | "point" | "time" | "object";

export interface ColumnRule {
  to: Target;
  type: ColumnType;
}

/** How a foreign CSV or JSON becomes trips, as data: the built-in formats are such mappings too. */
export interface Mapping {
  name: string;
  /** Rules by the sender's column names. */
  columns: Readonly<Record<string, ColumnRule>>;
  /** Values that every trip gets whose columns do not bring their own. */
  constants: { source?: string; region?: string };
  /** Tried in this order. */
  timeFormats: readonly TimeFormat[];
  /** What becomes of columns without a rule. */
  otherColumns: "attributes" | "drop";
}

/**
 * The mapping whose columns fit best: the one with the most columns among the fields. Of equals, the first of the list.
 */
export function recognise(mappings: readonly Mapping[], fields: readonly string[]): Mapping | undefined {
  const score = (mapping: Mapping) => fields.filter((field) => Object.hasOwn(mapping.columns, field)).length;
  return mappings.reduce<Mapping | undefined>(
    (best, mapping) => (!best || score(mapping) > score(best) ? mapping : best),
    undefined,
  );
}

/** What a header lacks to make trips at all, in words for the sender; empty if nothing. */
export function lacks(mapping: Mapping, header: readonly string[]): string[] {
  const present = new Set(header.map((column) => mapping.columns[column]?.to));
  const columnsFor = (target: Target) =>
    Object.entries(mapping.columns)
      .filter(([, rule]) => rule.to === target)
      .map(([column]) => column);
  const missing: string[] = [];
  if (!present.has("source") && mapping.constants.source === undefined) missing.push(columnsFor("source").join(" or "));
  if (!present.has("started_at")) missing.push(columnsFor("started_at").join(" or "));
  if (!present.has("origin") && !(present.has("origin_lon") && present.has("origin_lat"))) {
    const pair = [...columnsFor("origin_lon"), ...columnsFor("origin_lat")].join(" and ");
    missing.push([...columnsFor("origin"), pair].filter((text) => text !== "").join(", or "));
  }
  return missing;
}
