import { type RawBuilder, sql } from "kysely";
import { areaExpression, intersects } from "../geo/area.db.ts";
import type { Area, Match } from "../geo/area.ts";
import { allOf, type CellColumn, type Condition, type NumberField, type Query, type TripLeaf } from "./query.ts";
import { type Expression, HOUR, key, numberOf, type RowColumns, TRIP, WEEK } from "./query-columns.db.ts";
import { every, type Predicate, predicate, tripPredicate } from "./query-conditions.db.ts";
import { type QuerySource, sourceName } from "./query-source.db.ts";

type Rows = RawBuilder<unknown>;

/** The rows to group: k0, k1, … are the keys, f0, f1, … the measured numbers, n the number of trips in a row. */
export interface QueryRows {
  /** The parts of the WITH clause that `rows` reads. */
  with: Rows[];
  rows: Rows;
}

const RETIRED = sql`(select s.retired_before from tripgrid.settings s)`;
/** The weeks in which the rollups are behind the trips. Retired weeks never are. */
const BEHIND = sql`
  select p.week from tripgrid_internal.pending_weeks p, tripgrid.settings s where p.week >= s.retired_before`;

/** Selects all rows of a query in one statement, so that they come from one moment. */
export function rowsOf(query: Query, source: QuerySource, fields: readonly NumberField[]): QueryRows {
  const select = (row: RowColumns, n: Expression) =>
    sql.join([
      ...query.by.map(({ is }, i) => sql`${key(row, is)} as ${sql.ref(`k${i}`)}`),
      ...fields.map((field, i) => sql`${numberOf(field)} as ${sql.ref(`f${i}`)}`),
      sql`${n} as n`,
    ]);
  const where = (row: RowColumns, condition = query.where) =>
    predicate<TripLeaf>(condition, (leaf) => tripPredicate(row, leaf));
  if (source.kind !== "trips") return { with: [], rows: rollupRows(source, select, where) };
  const columns = select(TRIP, sql`1`);
  const area = drivingArea(query.where);
  if (area) return areaRows(area.area, area.match, columns, where(TRIP, area.rest));
  return {
    with: [],
    rows: sql`select ${columns} from tripgrid.trips t where t.local_time >= ${RETIRED} and ${where(TRIP)}`,
  };
}

/**
 * The rows of a rollup. The weeks in which it is behind are counted from the trips instead, each week by itself:
 * otherwise two weeks of different years would make the database read the years between them.
 */
function rollupRows(
  source: Exclude<QuerySource, { kind: "trips" }>,
  select: (row: RowColumns, n: Expression) => Rows,
  where: (row: RowColumns) => Predicate,
): Rows {
  // Usually no week is behind, and then no row needs a check.
  const upToDate = (row: RowColumns) =>
    sql`((select not exists (${BEHIND})) or date_trunc('week', ${row.time})::date not in (${BEHIND}))`;
  const rollup = (name: string, row: RowColumns, n: Expression) => sql`
    select ${select(row, n)} from ${sql.id("tripgrid_internal", name)} r where ${where(row)} and ${upToDate(row)}`;
  const parts =
    source.kind === "hourly_regions"
      ? [rollup(source.kind, HOUR, sql`r.trips`)]
      : [rollup(sourceName(source), WEEK, sql`r.trips`), ...withoutEnd(source.end, rollup, sourceName(source))];
  const trips = sql`
    select x.* from (select distinct b.week from (${BEHIND}) b) behind
    cross join lateral (
      select ${select(TRIP, sql`1::bigint`)} from tripgrid.trips t
      where t.local_time >= behind.week::timestamp and t.local_time < behind.week::timestamp + interval '7 days' and ${where(TRIP)}
      offset 0) x`;
  return sql.join([...parts, trips], sql` union all `);
}

/**
 * The trips without a destination, which are in no cell: the number of all trips minus the number of those in a cell.
 */
function withoutEnd(
  end: CellColumn,
  rollup: (name: string, row: RowColumns, n: Expression) => Rows,
  cells: string,
): Rows[] {
  if (end === "origin_cell") return [];
  const cell = sql`null::text collate "C"`;
  return [rollup("hourly_regions", { ...HOUR, cell }, sql`r.trips`), rollup(cells, { ...WEEK, cell }, sql`-r.trips`)];
}

/** The first area that all trips of the query must lie in, and the other conditions. */
function drivingArea(where: Condition): { area: Area; match: Match; rest: Condition } | undefined {
  const all = allOf<TripLeaf>(where);
  const first = all.find((one) => "area" in one);
  if (!first || !("area" in first)) return undefined;
  return { area: first.area, match: first.match, rest: { and: all.filter((one) => one !== first) } };
}

const lies = (point: "origin" | "destination"): Predicate =>
  intersects(sql`(select a.area from asked a)`, `t.${point}`);

/**
 * The trips of an area, found by the index on their cells. A trip in a cell that lies wholly in the area needs no check
 * of its position. The trips in the columnstore are read in one pass instead, since each single cell would unpack a
 * thousand trips at a time there.
 */
function areaRows(area: Area, match: Match, columns: Rows, rest: Predicate): QueryRows {
  const ends: { point: "origin" | "destination"; also?: Predicate }[] = {
    origin: [{ point: "origin" as const }],
    destination: [{ point: "destination" as const }],
    both: [{ point: "origin" as const, also: lies("destination") }],
    either: [
      { point: "origin" as const },
      { point: "destination" as const, also: sql<boolean>`not ${lies("origin")}` },
    ],
  }[match];
  const parts = ends.flatMap(({ point, also }) => {
    const cell = sql.ref(point === "origin" ? "t.o_cell" : "t.d_cell");
    const conditions = every([...(also ? [also] : []), rest]);
    return [
      sql`select x.* from cover c cross join lateral (
        select ${columns} from tripgrid.trips t
        where ${cell} >= c.cell collate "C" and ${cell} < c.cell || '{' collate "C"
          and t.local_time >= (select greatest(s.retired_before, s.columnar_before) from tripgrid.settings s)
          and (c."inner" or st_intersects((select a.area from asked a), ${sql.ref(`t.${point}`)})) and ${conditions}
        offset 0) x`,
      sql`select ${columns} from tripgrid.trips t
        where t.local_time >= ${RETIRED} and t.local_time < (select s.columnar_before from tripgrid.settings s)
          and ${cell} >= (select min(c.cell) from cover c) collate "C" and ${cell} < (select max(c.cell) || '{' from cover c) collate "C"
          and ${lies(point)} and ${conditions}`,
    ];
  });
  return {
    with: [
      sql`asked as materialized (select ${areaExpression(area)} as area)`,
      sql`cover as materialized (select c.cell, c."inner" from asked a, tripgrid.area_cover(a.area, 2048) c)`,
    ],
    rows: sql.join(parts, sql` union all `),
  };
}
