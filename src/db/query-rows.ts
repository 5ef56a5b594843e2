import { type RawBuilder, sql } from "kysely";
import type { Area } from "../area.ts";
import { allOf, type CellColumn, type Condition, type NumberField, type Query, type TripLeaf } from "../query.ts";
import type { Match } from "../weekly-averages.ts";
import { type Expression, HOUR, key, numberOf, type RowColumns, TRIP, WEEK } from "./query-columns.ts";
import { areaCall, every, type Predicate, predicate, tripPredicate } from "./query-conditions.ts";
import { type QuerySource, sourceName } from "./query-source.ts";

type Rows = RawBuilder<unknown>;

/** The rows that are grouped: k0, k1, … by which, f0, f1, … what is measured, n how many trips a row stands for. */
export interface QueryRows {
  /** What must come before, as the names of a WITH. */
  with: Rows[];
  rows: Rows;
}

const RETIRED = sql`(select s.retired_before from tripgrid.settings s)`;
/** The weeks that the rollups are behind with; retired ones never are. */
const BEHIND = sql`
  select p.week from tripgrid.pending_weeks p, tripgrid.settings s where p.week >= s.retired_before`;

/** All rows that a question takes, in one statement, so that they are of one moment. */
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
 * The rows of a rollup, but for the weeks that it is behind with, which are counted from the trips: each week by itself, or two
 * weeks of different years would have it read the years between.
 */
function rollupRows(
  source: Exclude<QuerySource, { kind: "trips" }>,
  select: (row: RowColumns, n: Expression) => Rows,
  where: (row: RowColumns) => Predicate,
): Rows {
  // Most of the time there are none, and nothing is to be found out about each row.
  const upToDate = (row: RowColumns) =>
    sql`((select not exists (${BEHIND})) or date_trunc('week', ${row.time})::date not in (${BEHIND}))`;
  const rollup = (name: string, row: RowColumns, n: Expression) => sql`
    select ${select(row, n)} from ${sql.id("tripgrid", name)} r where ${where(row)} and ${upToDate(row)}`;
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

/** Trips without a destination are in no cell: as many as there are in all, less those that are in one. */
function withoutEnd(
  end: CellColumn,
  rollup: (name: string, row: RowColumns, n: Expression) => Rows,
  cells: string,
): Rows[] {
  if (end === "origin_cell") return [];
  const cell = sql`null::text collate "C"`;
  return [rollup("hourly_regions", { ...HOUR, cell }, sql`r.trips`), rollup(cells, { ...WEEK, cell }, sql`-r.trips`)];
}

/** The first area in which all trips of the question lie, and what else is asked of them. */
function drivingArea(where: Condition): { area: Area; match: Match; rest: Condition } | undefined {
  const all = allOf<TripLeaf>(where);
  const first = all.find((one) => "area" in one);
  if (!first || !("area" in first)) return undefined;
  return { area: first.area, match: first.match, rest: { and: all.filter((one) => one !== first) } };
}

const lies = (point: "origin" | "destination"): Predicate =>
  sql`coalesce(st_intersects((select a.area from asked a), ${sql.ref(`t.${point}`)}), false)`;

/**
 * The trips of an area, found by the index on their cells: those in a cell that lies wholly in the area without a look at
 * where they are. What is in the columnstore is read in one pass instead, since there each cell by itself would unpack a
 * thousand trips at a time.
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
      sql`asked as materialized (select ${areaCall(area)} as area)`,
      sql`cover as materialized (select c.cell, c."inner" from asked a, tripgrid.area_cover(a.area, 2048) c)`,
    ],
    rows: sql.join(parts, sql` union all `),
  };
}
