import type { Area } from "./area.ts";
import type { Match } from "./weekly-averages.ts";

/** What trips can be grouped by and told apart by, beside cells and attributes. Times are local. */
export const QUERY_COLUMNS = [
  ...(["week", "week_start", "day", "hour", "weekday"] as const),
  ...(["region", "source", "driver", "rider", "vehicle_model"] as const),
] as const;
export type QueryColumn = (typeof QUERY_COLUMNS)[number];

/** The geohashes of a trip's two ends. */
export const CELL_COLUMNS = ["origin_cell", "destination_cell"] as const;
export type CellColumn = (typeof CELL_COLUMNS)[number];
export const MAX_PRECISION = 7;

/** What a trip measures; so does any attribute that is a number. */
export const QUERY_NUMBERS = ["duration_s", "distance_m", "great_circle_m"] as const;
export type QueryNumber = (typeof QUERY_NUMBERS)[number];

export const AGGREGATES = ["sum", "avg", "min", "max"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export const COMPARISONS = ["=", "!=", "<", "<=", ">", ">="] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const DEFAULT_LIMIT = 1000;
export const MAX_LIMIT = 100_000;
export const MAX_DIMENSIONS = 6;
export const MAX_MEASURES = 20;
/** Each becomes several parameters in several parts of a statement, which the database plans for every partition. */
export const MAX_TESTS = 200;
export const MAX_AREAS = 10;

export type NumberField = { number: QueryNumber } | { attribute: string };
export type Dimension = { column: QueryColumn } | { cell: CellColumn; precision: number } | { attribute: string };
export type Measure = "trips" | { aggregate: Aggregate; of: NumberField } | { percentile: number; of: NumberField };

/** A column of the answer: what is in it, and what it is called. */
export type Named<T> = { name: string; is: T };

export type Scalar = string | number | boolean;
export type Test =
  | { compare: Comparison; value: Scalar }
  | { in: readonly Scalar[] }
  | { between: readonly [Scalar, Scalar] }
  | { isNull: boolean };

/** A condition over fields `F`. It is true or false: a test of a missing value is false, but for `isNull`. */
export type Logic<F> = { and: Logic<F>[] } | { or: Logic<F>[] } | { not: Logic<F> } | F;
export type TripField =
  | { column: QueryColumn }
  | { cell: CellColumn }
  | { number: QueryNumber }
  | { attribute: string };
export type TripLeaf =
  | { field: TripField; test: Test }
  | { area: Area; match: Match }
  | { from: string }
  | { to: string };
export type Condition = Logic<TripLeaf>;
/** Over what was measured: the place in `select`, or the number of trips. */
export type GroupLeaf = { measure: number | "trips"; test: Test };
export type GroupCondition = Logic<GroupLeaf>;

export interface Order {
  /** The place in `by` or in `select`, or the number of trips. */
  column: { by: number } | { select: number } | "trips";
  descending: boolean;
}

/** A question to the query language, understood and checked. */
export interface Query {
  select: Named<Measure>[];
  by: Named<Dimension>[];
  where: Condition;
  having: GroupCondition;
  order: Order[];
  limit: number;
}

export type Value = string | number | null;

export interface QueryAnswer {
  columns: string[];
  /** Whether a column holds text; the others hold numbers. */
  isText: boolean[];
  rows: Value[][];
  /** There are more rows than the limit. */
  truncated: boolean;
  /** What was counted: the trips, or the rollup that sufficed. */
  source: string;
  data_as_of: string;
  /** If weeks are retired that the question may be about and whose trips it would take: the first that is counted. */
  retired_before?: string;
  /** How many groups are not shown because they are of fewer trips, or would give those away. */
  withheld?: { min_trips: number; groups: number };
}

/** How a question would be put to the database. */
export interface QueryExplained {
  source: string;
  sql: string;
  parameters: unknown[];
}

export type RunQuery = (query: Query) => Promise<QueryAnswer>;
export type ExplainQuery = (query: Query) => QueryExplained;

/** A question that was given a name. */
export interface SavedQuery {
  name: string;
  /** As it was sent. */
  query: Record<string, unknown>;
  created_at: string;
  updated_at: string;
}

export type PutQuery = (
  name: string,
  query: Record<string, unknown>,
) => Promise<{ saved: SavedQuery; created: boolean }>;
export type FindQuery = (name: string) => Promise<SavedQuery | undefined>;
export type ListQueries = () => Promise<SavedQuery[]>;
/** Whether there was such a query. */
export type DeleteQuery = (name: string) => Promise<boolean>;

/** The conditions of which all must hold. */
export function allOf<F extends object>(condition: Logic<F>): Logic<F>[] {
  return "and" in condition ? (condition.and as Logic<F>[]).flatMap(allOf) : [condition];
}

/** Every field that is asked about anywhere in a condition. */
export function leavesOf<F extends object>(condition: Logic<F>): F[] {
  if ("and" in condition) return (condition.and as Logic<F>[]).flatMap(leavesOf);
  if ("or" in condition) return (condition.or as Logic<F>[]).flatMap(leavesOf);
  if ("not" in condition) return leavesOf(condition.not as Logic<F>);
  return [condition as F];
}
