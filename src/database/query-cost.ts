import { AppError } from "../errors.ts";
import type { Sql } from "./client.ts";

/** A node of a plan, as `explain (format json, verbose)` shows it. */
interface Plan {
  "Node Type": string;
  "Plan Rows": number;
  "Total Cost": number;
  Schema?: string;
  "Relation Name"?: string;
  Filter?: string;
  "Parent Relationship"?: string;
  "Workers Planned"?: number;
  Plans?: Plan[];
}

/** The rows that a node reads from a table: the planner's figures, and how often the node runs. */
export interface Read {
  relation: string;
  rows: number;
  /** With a filter, `rows` leaves out the rows that are read but not kept. */
  isWhole: boolean;
  isFiltered: boolean;
  cost: number;
  runs: number;
}

/**
 * The least cost of reading a row of an index or a table in the planner: `cpu_index_tuple_cost` and `cpu_tuple_cost`.
 */
const COST_A_ROW = 0.015;

/**
 * How many rows a statement will read, by the planner's statistics: all rows of a table that is read whole, and the
 * rows of an index that fit its condition. A filter behind the index hides how many rows it drops. There the number
 * comes from the cost, up to the size of the table. A bitmap tells the number of its rows.
 */
export async function rowsToRead(sql: Sql, text: string, parameters: readonly unknown[]): Promise<number> {
  const [row] = await sql.unsafe<{ "QUERY PLAN": { Plan: Plan }[] }[]>(
    `explain (format json, verbose) ${text}`,
    parameters as never[],
  );
  const root = row?.["QUERY PLAN"][0]?.Plan;
  if (!root) throw new Error("explain gave no plan");
  const reads = readsOf(root);
  const names = [...new Set(reads.map(({ relation }) => relation))];
  const sizes = await sql<{ name: string; rows: number }[]>`
    select name, greatest(reltuples, 0)::bigint as rows from unnest(${names}::text[]) name
    join pg_class c on c.oid = to_regclass(name)`;
  return total(reads, new Map(sizes.map(({ name, rows }) => [name, rows])));
}

/** The reads of tables in a plan, node by node. */
export function readsOf(plan: Plan, runs = 1, workers = 1): Read[] {
  const { Schema: schema, "Relation Name": relation, "Node Type": type, Plans: plans = [] } = plan;
  const ofBitmap = type === "Bitmap Heap Scan" ? plans.find(isBitmap)?.["Plan Rows"] : undefined;
  const own: Read[] =
    relation === undefined
      ? []
      : [
          {
            relation: `${JSON.stringify(schema ?? "public")}.${JSON.stringify(relation)}`,
            rows: Math.max(plan["Plan Rows"], ofBitmap ?? 0) * workers,
            isWhole: type === "Seq Scan",
            isFiltered: plan.Filter !== undefined && ofBitmap === undefined,
            cost: plan["Total Cost"] * workers,
            runs,
          },
        ];
  const below = workers * ((plan["Workers Planned"] ?? 0) + 1);
  // The inner side of a nested loop is run once for each row of the outer one.
  const outer = plans.find((one) => one["Parent Relationship"] === "Outer");
  const perRow = type === "Nested Loop" && outer ? Math.max(1, outer["Plan Rows"]) : 1;
  // What a statement asks once, such as a setting, runs once wherever it stands.
  const runsOf = { Inner: runs * perRow, InitPlan: 1 } as Readonly<Record<string, number>>;
  return own.concat(plans.flatMap((one) => readsOf(one, runsOf[one["Parent Relationship"] ?? ""] ?? runs, below)));
}

const isBitmap = (plan: Plan): boolean => plan["Node Type"].startsWith("Bitmap");

function total(reads: readonly Read[], sizes: ReadonlyMap<string, number>): number {
  return Math.round(
    reads.reduce((sum, read) => {
      const size = Math.max(sizes.get(read.relation) ?? 0, read.rows);
      const once = read.isWhole ? size : read.isFiltered ? Math.min(size, read.cost / COST_A_ROW) : read.rows;
      const all = Math.max(once, read.rows) * read.runs;
      // A statement looks up each cell of an area once, and these do not overlap: no row is read twice by an index.
      return sum + (read.isWhole ? all : Math.min(size, all));
    }, 0),
  );
}

export type CheckCost = (statement: { sql: string; parameters: readonly unknown[] }) => Promise<void>;

/**
 * Makes the function that refuses a statement that would read too many rows.
 *
 * The function throws AppError query_too_large, which says what to narrow.
 */
export const costChecker =
  (sql: Sql, maxRows: number): CheckCost =>
  async (statement) => {
    const rows = await rowsToRead(sql, statement.sql, statement.parameters);
    if (rows <= maxRows) return;
    throw new AppError(
      "query_too_large",
      `The query would read about ${rows} rows; at most ${maxRows} are allowed. Narrow it by from and to, a region, a source or an area, or leave out what the rollups do not hold: "explain": true shows what is read.`,
      { rows_to_read: rows, max_rows: maxRows },
    );
  };
