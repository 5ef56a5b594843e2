import { type Kysely, type RawBuilder, sql } from "kysely";
import {
  type GroupLeaf,
  leavesOf,
  type Order,
  type Query,
  type QueryAnswer,
  type QueryExplained,
  type TripLeaf,
  type Value,
} from "../query.ts";
import { translateErrors } from "./client.ts";
import { isTextKey, shownKey } from "./query-columns.ts";
import { predicate, valuePredicate } from "./query-conditions.ts";
import { aggregate, judged, uniqueFields } from "./query-groups.ts";
import { rowsOf } from "./query-rows.ts";
import { firstDay, sourceName, sourceOf } from "./query-source.ts";
import type { DB } from "./schema.ts";
import { checkBoundary } from "./trip-filters.ts";

/**
 * Answers a question, in one statement.
 *
 * @throws AppError not_found for a boundary that there is not
 */
export async function runQuery(db: Kysely<DB>, query: Query): Promise<QueryAnswer> {
  return translateErrors(async () => {
    for (const leaf of leavesOf<TripLeaf>(query.where)) {
      if ("area" in leaf) await checkBoundary(db, { area: leaf.area, match: leaf.match });
    }
    const { rows } = await statement(query).execute(db);
    return answer(query, rows);
  });
}

/** What the database would be asked. */
export function explainQuery(db: Kysely<DB>, query: Query): QueryExplained {
  const { sql, parameters } = statement(query).compile(db);
  return { source: sourceName(sourceOf(query)), sql: sql.replace(/\s+/g, " ").trim(), parameters: [...parameters] };
}

/** A row to show; what is said of the whole answer stands in the first. */
type Row = Record<string, Value> & {
  data_as_of: string;
  min_trips: number;
  withheld: number;
  retired_before: string | null;
  /** Null in the only row, where there is none to show. */
  place: number | null;
};

function answer(query: Query, found: readonly Row[]): QueryAnswer {
  const [first] = found;
  if (!first) throw new Error("a question was answered without a row");
  const width = query.by.length + query.select.length;
  const rows = found
    .filter(({ place }) => place !== null)
    .map((row) => Array.from({ length: width }, (_, i) => row[`c${i}`] ?? null));
  return {
    columns: [...query.by, ...query.select].map(({ name }) => name),
    isText: [...query.by.map(({ is }) => isTextKey(is)), ...query.select.map(() => false)],
    rows: rows.slice(0, query.limit),
    truncated: rows.length > query.limit,
    source: sourceName(sourceOf(query)),
    data_as_of: first.data_as_of,
    ...(first.retired_before === null ? {} : { retired_before: first.retired_before }),
    ...(first.min_trips > 1 ? { withheld: { min_trips: first.min_trips, groups: first.withheld } } : {}),
  };
}

const keyRef = (i: number) => sql.ref<Value>(`k${i}`);
/** A measure of `select`; the count has one name, however often it is selected. */
const measureOf = (select: Query["select"], i: number) => measureRef(select[i]?.is === "trips" ? "trips" : i);
const measureRef = (i: number | "trips") => sql.ref<Value>(i === "trips" ? i : `m${i}`);

/** The whole statement: rows, groups, which of them are withheld, and what the caller asked to see of the others. */
function statement(query: Query): RawBuilder<Row> {
  const { by, select, limit } = query;
  const source = sourceOf(query);
  const fields = uniqueFields(select.map(({ is }) => is));
  const rows = rowsOf(query, source, fields);
  const keys = by.map((_, i) => keyRef(i));
  const measured = select.flatMap(({ is }, i) =>
    is === "trips" ? [] : [sql`${aggregate(is, fields)} as ${measureRef(i)}`],
  );
  const trips = source.kind === "trips" ? sql`count(*)` : sql`coalesce(sum(n), 0)::bigint`;
  // A group of a rollup can have come to nothing: its trips were cancelled, or all have a destination.
  const grouping = by.length === 0 ? sql`` : sql`group by ${sql.join(keys)} having ${trips} > 0`;
  const columns = sql.join([
    ...by.map(({ is }, i) => sql`${shownKey(is, keyRef(i))} as ${sql.ref(`c${i}`)}`),
    ...select.map((_, i) => sql`${measureOf(select, i)} as ${sql.ref(`c${by.length + i}`)}`),
  ]);
  const kept = sql.join([
    ...keys,
    ...select.flatMap(({ is }, i) => (is === "trips" ? [] : [measureRef(i)])),
    sql`trips`,
  ]);
  const order = sql.join(orderOf(query));
  const having = predicate<GroupLeaf>(query.having, ({ measure, test }) =>
    valuePredicate(measure === "trips" ? measureRef(measure) : measureOf(select, measure), test, "float8"),
  );
  return sql<Row>`with ${sql.join([
    ...rows.with,
    sql`grouped as (select ${sql.join([...keys, ...measured, sql`${trips} as trips`])} from (${rows.rows}) counted ${grouping})`,
    sql`judged as (${judged(keys, kept)})`,
    sql`page as (
      select ${columns}, row_number() over (order by ${order}) as place
      from judged where not is_withheld and ${having} order by place limit ${limit + 1}::bigint)`,
  ])}
  select page.*, about.*
  from (select 1::bigint as first, statement_timestamp() as data_as_of, s.min_trips,
               case when s.min_trips > 1 then (select count(*) from judged where is_withheld) else 0 end as withheld,
               ${source.kind === "trips" ? retiredBefore(query) : sql`null`} as retired_before
        from tripgrid.settings s) about
  full join page on page.place = about.first order by page.place`;
}

/** The order of rows: as asked, then by the columns of `by`, so that it is always the same. */
function orderOf({ by, select, order }: Query): RawBuilder<unknown>[] {
  const refOf = (column: Order["column"]) => {
    if (column === "trips") return measureRef(column);
    return "by" in column ? keyRef(column.by) : measureOf(select, column.select);
  };
  return [
    ...order.map(({ column, descending }) => sql`${refOf(column)} ${descending ? sql`desc` : sql`asc`} nulls last`),
    ...by.map((_, i) => sql`${keyRef(i)} nulls last`),
    sql`trips`,
  ];
}

/** What the trips alone cannot tell: of retired weeks they are gone. */
function retiredBefore(query: Query): RawBuilder<unknown> {
  const from = firstDay(query);
  const isLater = from === undefined ? sql`true` : sql`s.retired_before > ${from}::date`;
  return sql`case when isfinite(s.retired_before) and ${isLater} then s.retired_before end`;
}
