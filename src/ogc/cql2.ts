import type { Geometry } from "geojson";

/**
 * The syntax tree of a filter in the Common Query Language, CQL2 (OGC 21-065r2). Both encodings, text and JSON, are
 * read into it.
 */
export type Filter =
  | { and: readonly Filter[] }
  | { or: readonly Filter[] }
  | { not: Filter }
  | { compare: Comparison; left: Scalar; right: Scalar }
  | { like: Scalar; pattern: Scalar }
  | { between: Scalar; low: Scalar; high: Scalar }
  | { in: Scalar; list: readonly Scalar[] }
  | { isNull: Scalar | Shape }
  | { spatial: SpatialOperator; left: Shape; right: Shape }
  | { temporal: TemporalOperator; left: Time; right: Time }
  | { truth: Scalar };

export const COMPARISONS = ["=", "<>", "<", ">", "<=", ">="] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const SPATIAL_OPERATORS = [
  "s_intersects",
  "s_equals",
  "s_disjoint",
  "s_touches",
  "s_within",
  "s_overlaps",
  "s_crosses",
  "s_contains",
] as const;
export type SpatialOperator = (typeof SPATIAL_OPERATORS)[number];

export const TEMPORAL_OPERATORS = [
  "t_after",
  "t_before",
  "t_contains",
  "t_disjoint",
  "t_during",
  "t_equals",
  "t_finishedby",
  "t_finishes",
  "t_intersects",
  "t_meets",
  "t_metby",
  "t_overlappedby",
  "t_overlaps",
  "t_startedby",
  "t_starts",
] as const;
export type TemporalOperator = (typeof TEMPORAL_OPERATORS)[number];

export type Scalar =
  | { property: string }
  | { value: string | number | boolean }
  | { date: string }
  | { timestamp: string }
  /** Upper and lower case count as the same. */
  | { casei: Scalar };

export type Shape = { property: string } | { geometry: Geometry };

/** An instant, or a time from one instant to another, both included. `..` is open. */
export type Time = Scalar | { interval: readonly [Scalar | "..", Scalar | ".."] };

/** A fault in the text of a filter. */
export class Cql2Error extends Error {
  override readonly name = "Cql2Error";
}

/** Limit of nested expressions: each level is a recursive call. */
export const MAX_DEPTH = 50;
/** Limit of operands of all expressions together. */
export const MAX_OPERANDS = 5000;
