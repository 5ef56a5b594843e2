import { z } from "zod";
import type { Area, Match } from "../geo/area.ts";
import type { Pages } from "../kit/pages.ts";
import { DateText, Instant } from "../time/instant.ts";

/** The columns that group and filter trips, besides cells and attributes. Times are local. */
export const QUERY_COLUMNS = [
  ...(["week", "week_start", "day", "hour", "weekday"] as const),
  ...(["region", "source", "driver", "rider", "vehicle_model"] as const),
] as const;
export type QueryColumn = (typeof QUERY_COLUMNS)[number];

/** The geohashes of a trip's two ends. */
export const CELL_COLUMNS = ["origin_cell", "destination_cell"] as const;
export type CellColumn = (typeof CELL_COLUMNS)[number];
export const MAX_PRECISION = 7;

/** The numbers of a trip that a query can measure, besides any attribute that is a number. */
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
/**
 * Each test becomes several parameters in several parts of a statement, which the database plans for every partition.
 */
export const MAX_TESTS = 200;
export const MAX_AREAS = 10;

export type NumberField = { number: QueryNumber } | { attribute: string };
export type Dimension = { column: QueryColumn } | { cell: CellColumn; precision: number } | { attribute: string };
export type Measure = "trips" | { aggregate: Aggregate; of: NumberField } | { percentile: number; of: NumberField };

/** A column of the answer: its content and its name. */
export type Named<T> = { name: string; is: T };

export type Scalar = string | number | boolean;
export type Test =
  | { compare: Comparison; value: Scalar }
  | { in: readonly Scalar[] }
  | { between: readonly [Scalar, Scalar] }
  | { isNull: boolean };

/** A condition over fields `F`. It is true or false: a test of a missing value is false, except `isNull`. */
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
/** A test of a group: of a measure, by its place in `select`, or of the number of trips. */
export type GroupLeaf = { measure: number | "trips"; test: Test };
export type GroupCondition = Logic<GroupLeaf>;

export interface Order {
  /** The place in `by` or in `select`, or the number of trips. */
  column: { by: number } | { select: number } | "trips";
  descending: boolean;
}

/** A parsed and checked query. */
export interface Query {
  select: Named<Measure>[];
  by: Named<Dimension>[];
  where: Condition;
  having: GroupCondition;
  order: Order[];
  limit: number;
}

const Value = z.union([z.string(), z.number()]).nullable();
export type Value = z.infer<typeof Value>;

/** An answer in a reply. */
export const QueryAnswerReply = z
  .object({
    columns: z.array(z.string()),
    rows: z.array(z.record(z.string(), Value)),
    truncated: z.boolean().meta({ description: "There are more rows than limit" }),
    source: z.string().meta({ description: "What was counted: trips, or a rollup", example: "hourly_regions" }),
    data_as_of: Instant.meta({ description: "Every trip committed before this instant is counted" }),
    retired_before: DateText.optional().meta({
      description: "Trips of weeks before this one are gone, and not in this answer",
    }),
    withheld: z
      .object({ min_trips: z.int(), groups: z.int() })
      .optional()
      .meta({ description: "Groups of fewer trips than min_trips are not shown; this is how many" }),
  })
  .meta({ id: "QueryAnswer" });

export interface QueryAnswer extends Omit<z.infer<typeof QueryAnswerReply>, "rows"> {
  pages: Pages<Value[][]>;
  /** True if the pages come from an open transaction. */
  holdsSession: boolean;
}

/** The plan for a query. */
export const QueryExplained = z
  .object({
    source: z.string(),
    rows_to_read: z.int().optional().meta({
      description: "Where trips are read, by the planner's statistics; more than TRIPGRID_MAX_QUERY_ROWS are refused",
    }),
    sql: z.string(),
    parameters: z.array(z.unknown()),
  })
  .meta({ id: "QueryExplained", description: "With explain: true" });
export type QueryExplained = z.infer<typeof QueryExplained>;

/** Resolves once the first rows are available. */
export type RunQuery = (query: Query) => Promise<QueryAnswer>;
export type ExplainQuery = (query: Query) => Promise<QueryExplained>;

/** A query with a name. */
const SavedQuery = z.object({
  name: z.string(),
  query: z.looseObject({}).meta({ description: "As it was sent" }),
  created_at: Instant,
  updated_at: Instant,
});
export type SavedQuery = z.infer<typeof SavedQuery>;

/** A saved query in a reply. */
export const SavedQueryReply = SavedQuery.extend({
  links: z.object({ self: z.string(), result: z.string(), csv: z.string() }),
}).meta({ id: "SavedQuery" });

export type PutQuery = (
  name: string,
  query: Record<string, unknown>,
) => Promise<{ saved: SavedQuery; created: boolean }>;
export type FindQuery = (name: string) => Promise<SavedQuery | undefined>;
export type ListQueries = () => Promise<SavedQuery[]>;
/** Resolves to whether the query existed. */
export type DeleteQuery = (name: string) => Promise<boolean>;

/** The conditions that must all hold. */
export function allOf<F extends object>(condition: Logic<F>): Logic<F>[] {
  return "and" in condition ? (condition.and as Logic<F>[]).flatMap(allOf) : [condition];
}

/** All tests anywhere in a condition. */
export function leavesOf<F extends object>(condition: Logic<F>): F[] {
  if ("and" in condition) return (condition.and as Logic<F>[]).flatMap(leavesOf);
  if ("or" in condition) return (condition.or as Logic<F>[]).flatMap(leavesOf);
  if ("not" in condition) return leavesOf(condition.not as Logic<F>);
  return [condition as F];
}
