import { type Kysely, type RawBuilder, sql } from "kysely";
import { type Sql, translateErrors } from "../database/client.ts";
import { openCursor } from "../database/cursor.ts";
import { type CheckCost, rowsToRead } from "../database/query-cost.ts";
import type { DB } from "../database/schema.ts";
import { mapPages, onePage, type Pages, pagesAfter } from "../kit/pages.ts";
import { checkBoundary } from "../trips/trip-filters.db.ts";
import { judged } from "../weekly-averages/suppression.db.ts";
import {
  type GroupLeaf,
  leavesOf,
  type Order,
  type Query,
  type QueryAnswer,
  type QueryExplained,
  type TripLeaf,
  type Value,
} from "./query.ts";
import { isLongKey, shownKey } from "./query-columns.db.ts";
import { predicate, valuePredicate } from "./query-conditions.db.ts";
import { aggregate, uniqueFields } from "./query-groups.db.ts";
import { rowsOf } from "./query-rows.db.ts";
import { firstDay, sourceName, sourceOf } from "./query-source.db.ts";

/** One statement asks for at most this many values. A larger answer comes from a cursor. */
const MAX_VALUES = 100_000;
/** One statement returns at most this many bytes of texts, which may be long. */
const MAX_BYTES = 4 * 1024 * 1024;
/** A page of a cursor holds at most this many bytes and rows. */
const BYTES_A_PAGE = 1024 * 1024;
const ROWS_A_PAGE = 500;
/** The bytes that JavaScript needs for a value other than text. */
const BYTES_A_VALUE = 24;

/**
 * Answers a query in one statement, or through a cursor if the answer is large. PostgreSQL uses several cores for a
 * statement, but never for a cursor, so small answers use no cursor.
 *
 * @param check refuses a statement that would read too much
 * @throws AppError not_found for an unknown boundary; query_too_large
 */
export async function runQuery(db: Kysely<DB>, client: Sql, check: CheckCost, query: Query): Promise<QueryAnswer> {
  for (const leaf of leavesOf<TripLeaf>(query.where)) {
    if ("area" in leaf) await translateErrors(() => checkBoundary(db, { area: leaf.area, match: leaf.match }));
  }
  if (readsTrips(query)) await translateErrors(() => check(statement(query).compile(db)));
  const width = query.by.length + query.select.length;
  if ((query.limit + 1) * width <= MAX_VALUES) {
    const { rows } = await translateErrors(() => statement(query, MAX_BYTES).execute(db));
    const [first] = rows;
    if (!first || first.bytes <= MAX_BYTES) return answer(query, first, onePage(rows), false);
  }
  const { sql: text, parameters } = statement(query).compile(db);
  const pages = openCursor<Row>(
    client,
    { text, parameters },
    // The first row knows the widest of all.
    { rows: ROWS_A_PAGE, bytes: BYTES_A_PAGE, bytesOf: ({ widest }) => (widest ?? 0) + width * BYTES_A_VALUE },
  );
  const page = await pages.next();
  return answer(query, page?.[0], pagesAfter(page ?? [], pages), true);
}

/** Rollups are not checked: they are small, and planning a statement twice would cost more than it saves. */
const readsTrips = (query: Query) => sourceOf(query).kind === "trips";

/** The statement for the database, and the number of rows that it would read if it must read trips. */
export async function explainQuery(db: Kysely<DB>, client: Sql, query: Query): Promise<QueryExplained> {
  const { sql, parameters } = statement(query).compile(db);
  return {
    source: sourceName(sourceOf(query)),
    ...(readsTrips(query) ? { rows_to_read: await translateErrors(() => rowsToRead(client, sql, parameters)) } : {}),
    sql: sql.replace(/\s+/g, " ").trim(),
    parameters: [...parameters],
  };
}

/** A row to show. The first row also carries the members for the whole answer. */
type Row = Record<string, Value> & {
  data_as_of: string;
  min_trips: number;
  withheld: number;
  retired_before: string | null;
  /** The number of rows to show, at most one more than the limit. */
  found: number;
  bytes: number;
  widest: number;
  /** Null if there are no rows to show; then this is the only row. */
  place: number | null;
};

function answer(query: Query, first: Row | undefined, found: Pages<Row[]>, holdsSession: boolean): QueryAnswer {
  if (!first) throw new Error("a question was answered without a row");
  return {
    columns: [...query.by, ...query.select].map(({ name }) => name),
    pages: mapPages(found, (page) => shownRows(query, page)),
    holdsSession,
    truncated: first.found > query.limit,
    source: sourceName(sourceOf(query)),
    data_as_of: first.data_as_of,
    ...(first.retired_before === null ? {} : { retired_before: first.retired_before }),
    ...(first.min_trips > 1 ? { withheld: { min_trips: first.min_trips, groups: first.withheld } } : {}),
  };
}

/** The rows as they are shown, without the extra row that only signals further rows. */
function shownRows(query: Query, page: Row[]): Value[][] {
  const names = [...query.by, ...query.select].map((_, i) => `c${i}`);
  const rows = page.filter(({ place }) => place !== null && place <= query.limit);
  return rows.map((row) => names.map((name) => row[name] ?? null));
}

const keyRef = (i: number) => sql.ref<Value>(`k${i}`);
/** A measure of `select`. The count has one name, however often it is selected. */
const measureOf = (select: Query["select"], i: number) => measureRef(select[i]?.is === "trips" ? "trips" : i);
const measureRef = (i: number | "trips") => sql.ref<Value>(i === "trips" ? i : `m${i}`);

/**
 * Builds the whole statement: the rows, the groups, the withheld groups, and the requested part of the others.
 *
 * @param maxBytes if the texts of the answer are longer than this, the statement returns only the first row
 */
function statement(query: Query, maxBytes?: number): RawBuilder<Row> {
  const { by, select, limit } = query;
  const source = sourceOf(query);
  const fields = uniqueFields(select.map(({ is }) => is));
  const rows = rowsOf(query, source, fields);
  const keys = by.map((_, i) => keyRef(i));
  const measured = select.flatMap(({ is }, i) =>
    is === "trips" ? [] : [sql`${aggregate(is, fields)} as ${measureRef(i)}`],
  );
  const trips = source.kind === "trips" ? sql`count(*)` : sql`coalesce(sum(n), 0)::bigint`;
  // A group of a rollup can be empty: its trips were cancelled, or all of them have a destination.
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
      select ${columns}, ${widthOf(query)} as width, row_number() over (order by ${order}) as place
      from judged where not is_suppressed and ${having} order by place limit ${limit + 1}::bigint)`,
    sql`about as (
      select 1::bigint as first, now() as data_as_of, s.min_trips, p.*,
             case when s.min_trips > 1 then (select count(*) from judged where is_suppressed) else 0 end as withheld,
             ${source.kind === "trips" ? retiredBefore(query) : sql`null`} as retired_before
      from tripgrid.settings s,
           (select count(*) as found, coalesce(sum(width), 0)::bigint as bytes, coalesce(max(width), 0) as widest from page) p)`,
  ])}
  select page.*, about.* from about full join page on page.place = about.first
  ${maxBytes === undefined ? sql`` : sql`where coalesce(page.place, 1) = 1 or (select bytes from about) <= ${maxBytes}::bigint`}
  order by page.place`;
}

/** The size in bytes of the long texts of a row. */
function widthOf({ by }: Query): RawBuilder<unknown> {
  const texts = by.flatMap(({ is }, i) => (isLongKey(is) ? [sql`coalesce(octet_length(${keyRef(i)}), 0)`] : []));
  return texts.length === 0 ? sql`0` : sql`(${sql.join(texts, sql` + `)})`;
}

/** The order of rows: as requested, then by the columns of `by`, so that it is always the same. */
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

/** The first week that is not retired, if the query asks for earlier ones. The trips of retired weeks are gone. */
function retiredBefore(query: Query): RawBuilder<unknown> {
  const from = firstDay(query);
  const isLater = from === undefined ? sql`true` : sql`s.retired_before > ${from}::date`;
  return sql`case when isfinite(s.retired_before) and ${isLater} then s.retired_before end`;
}
