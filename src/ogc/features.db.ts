import { type Kysely, type RawBuilder, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { CheckCost } from "../database/query-cost.ts";
import type { DB } from "../database/schema.ts";
import type { Collection, PropertyType } from "./collection.ts";
import type { Crs } from "./crs.ts";
import {
  type Extent,
  type Feature,
  type FeaturePage,
  type FeatureQuery,
  type FeatureValue,
  type Interval,
  orderOf,
} from "./features.ts";
import { filterSql, geometrySql, type Predicate } from "./filter.db.ts";

type Expression = RawBuilder<unknown>;
type Row = Record<string, FeatureValue> & { geometry: string | null };

/**
 * Reads a page of features, in the order of the sort keys and then of the collection's keys. Nulls come last.
 *
 * @param check refuses a statement that would read too many rows
 */
export async function readFeatures(db: Kysely<DB>, check: CheckCost, query: FeatureQuery): Promise<FeaturePage> {
  const { collection, limit, crs, after } = query;
  const order = orderOf(query);
  const conditions = conditionsOf(query);
  if (after) conditions.push(afterSql(query, after));
  const orders = order.map(({ property, isDescending }) => {
    // A key that is never null keeps the plain form, which an index can have.
    const nulls = isNullable(collection, property) ? sql` nulls last` : sql``;
    return sql`${sql.ref(`f.${property}`)}${isDescending ? sql` desc` : sql``}${nulls}`;
  });
  const statement = sql<Row>`
    select ${shownColumns(collection, crs)} from (${sourceSql(collection, query.datetime)}) f
    ${conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`}
    order by ${sql.join(orders)} limit ${limit + 1}`;
  return translateErrors(async () => {
    await check(statement.compile(db));
    const { rows } = await statement.execute(db);
    return { features: rows.slice(0, limit).map(featureOf), hasMore: rows.length > limit };
  });
}

/** The conditions that a query puts on the features `f`. */
export function conditionsOf(query: Pick<FeatureQuery, "collection" | "filters" | "bbox" | "datetime">): Predicate[] {
  const { collection, filters, bbox, datetime } = query;
  const conditions = filters.map((one) => filterSql(one, collection));
  if (bbox) conditions.push(sql`st_intersects(f.geom, ${geometrySql(bbox)})`);
  if (datetime && typeof collection.time === "object") {
    conditions.push(...duringSql(collection.time.property, datetime));
  }
  return conditions;
}

/** Finds a feature by the values of its collection's keys. */
export async function findFeature(
  db: Kysely<DB>,
  collection: Collection,
  keys: readonly (string | null)[],
  crs: Crs,
): Promise<Feature | undefined> {
  const conditions = collection.keys.map((name, i) => {
    const value = sql`${keys[i]}::text::${TYPES[collection.properties[name]?.type ?? "string"]}`;
    const column = sql.ref(`f.${name}`);
    return keys[i] === null ? sql`${column} is null` : sql`${column} = ${value}`;
  });
  const statement = sql<Row>`
    select ${shownColumns(collection, crs)} from (${sourceSql(collection, undefined)}) f
    where ${sql.join(conditions, sql` and `)} limit 1`;
  return translateErrors(async () => {
    const { rows } = await statement.execute(db);
    return rows[0] && featureOf(rows[0]);
  });
}

type ExtentRow = Record<"west" | "south" | "east" | "north", number | null> & Record<"first" | "last", string | null>;

/** Where and when all trips are: the boundaries of regions, and the cells of five characters in which trips are. */
export async function readExtent(db: Kysely<DB>): Promise<Extent> {
  return translateErrors(async () => {
    // The middle of a cell is less than 0.023 degrees from its edges.
    const { rows } = await sql<ExtentRow>`
      select st_xmin(e.box) as west, st_ymin(e.box) as south, st_xmax(e.box) as east, st_ymax(e.box) as north, t.first, t.last
      from (select st_extent(g.geom) as box
            from (select st_expand(c.middle, 0.023) as geom from tripgrid_internal.cells c
                  union all select r.boundary from tripgrid.regions r) g) e
      cross join (select min(h.hour) as first, max(h.hour) as last from tripgrid_internal.hourly_regions h) t`.execute(
      db,
    );
    const { west, south, east, north, first = null, last = null } = rows[0] ?? ({} as ExtentRow);
    const isKnown = west !== null && south !== null && east !== null && north !== null && west !== undefined;
    const utc = (text: string | null) => (text === null ? null : `${text}Z`);
    return { bbox: isKnown ? [west, south, east, north] : undefined, interval: [utc(first), utc(last)] };
  });
}

const featureOf = ({ geometry, ...properties }: Row): Feature => ({ geometry, properties });

const TYPES: Readonly<Record<PropertyType, Expression>> = {
  ...{ string: sql`text`, integer: sql`bigint`, number: sql`float8`, boolean: sql`boolean` },
  ...{ date: sql`date`, "date-time": sql`timestamptz`, "local-time": sql`timestamp` },
};

/** Decimal places: a centimetre in metres, a tenth of a millimetre in degrees. */
const PLACES = { 4326: 9, 3857: 2 } as const;

function shownColumns(collection: Collection, { srid, isLatFirst }: Crs): Expression {
  const moved = srid === 4326 ? sql`f.geom` : sql`st_transform(f.geom, ${sql.lit(srid)})`;
  const turned = isLatFirst ? sql`st_flipcoordinates(${moved})` : moved;
  const columns = Object.keys(collection.properties).map((name) => sql.ref(`f.${name}`));
  return sql.join([...columns, sql`st_asgeojson(${turned}, ${sql.lit(PLACES[srid])}, 0) as geometry`]);
}

const isNullable = ({ hasNullKeys, keys }: Collection, name: string) => hasNullKeys || !keys.includes(name);

/** Instants, with the wall clocks around them: trips are stored by their local time, at most 15 h from UTC. */
function duringSql(property: string, { from, to }: Interval): Predicate[] {
  const column = sql.ref(`f.${property}`);
  const local = (text: string) => sql`(${text}::timestamptz at time zone 'UTC')`;
  return [
    ...(from
      ? [
          sql<boolean>`${column} >= ${from}::timestamptz`,
          sql<boolean>`f.local_time >= ${local(from)} - interval '15 hours'`,
        ]
      : []),
    ...(to
      ? [
          sql<boolean>`${column} <= ${to}::timestamptz`,
          sql<boolean>`f.local_time <= ${local(to)} + interval '15 hours'`,
        ]
      : []),
  ] as Predicate[];
}

/** Features behind the last one of the page before, key by key. */
function afterSql(query: FeatureQuery, after: readonly FeatureValue[]): Predicate {
  const order = orderOf(query);
  const columns = order.map(({ property }) => sql.ref(`f.${property}`));
  const values = order.map(({ property }, i) => {
    const type = query.collection.properties[property]?.type ?? "string";
    return sql`${after[i] === null ? null : String(after[i])}::text::${TYPES[type]}`;
  });
  // An index is only searched for rows as a whole, which need one direction and no nulls.
  const isPlain = query.sortBy.length === 0 && order.every(({ property }) => !isNullable(query.collection, property));
  if (isPlain) {
    const sign = query.collection.isDescending ? sql`<` : sql`>`;
    return sql`(${sql.join(columns)}) ${sign} (${sql.join(values)})`;
  }
  const behind = order.map(({ isDescending }, i) => {
    const equal = columns.slice(0, i).map((column, j) => sql`${column} is not distinct from ${values[j]}`);
    const isNext =
      after[i] === null
        ? sql`false`
        : sql`(${columns[i]} ${isDescending ? sql`<` : sql`>`} ${values[i]} or ${columns[i]} is null)`;
    return sql`(${sql.join([...equal, isNext], sql` and `)})`;
  });
  return sql`(${sql.join(behind, sql` or `)})`;
}

/** The features of a collection, with their geometry as `geom` in degrees. */
export function sourceSql({ id }: Collection, datetime: Interval | undefined): Expression {
  switch (id) {
    case "trips":
      return sql`select t.* from bi.trips t`;
    case "trip_lines":
      return sql`
        select t.source, t.trip_id, t.region, t.local_time, t.started_at, t.ended_at, t.duration_s, t.distance_m,
               t.origin_lon, t.origin_lat, t.destination_lon, t.destination_lat, t.origin_cell, t.destination_cell,
               t.driver_id, t.rider_id, t.vehicle_model,
               st_makeline(t.geom, st_setsrid(st_point(t.destination_lon, t.destination_lat), 4326)) as geom
        from bi.trips t where t.destination_lon is not null`;
    case "clusters":
      return sql`
        select k.*, st_setsrid(st_makeline(st_point(k.origin_lon, k.origin_lat), st_point(k.destination_lon, k.destination_lat)), 4326) as geom
        from bi.clusters k`;
    case "weekly_cells":
      return sql`
        select c.cell, c.trips, w.weeks, c.trips / nullif(w.weeks, 0)::float8 as trips_per_week,
               st_setsrid(st_geomfromgeohash(c.cell), 4326) as geom
        from (select k.cell, sum(k.trips)::bigint as trips from bi.weekly_cells k
              where k.ends = 'origin' and ${weeksSql(datetime)} group by k.cell) c
        cross join (${spanSql(datetime)}) w`;
    default:
      return sql`
        select r.name, coalesce(r.time_zone, s.time_zone) as time_zone, r.boundary is not null as has_boundary,
               coalesce(c.trips, 0) as trips, w.weeks, coalesce(c.trips, 0) / nullif(w.weeks, 0)::float8 as trips_per_week,
               r.boundary as geom
        from tripgrid.regions r cross join tripgrid.settings s cross join (${spanSql(datetime)}) w
        left join (select k.region, sum(k.trips)::bigint as trips from bi.weekly_regions k
                   where ${weeksSql(datetime)} group by k.region) c on c.region = r.name`;
  }
}

const mondayOf = (text: string) => sql`date_trunc('week', ${text}::timestamptz at time zone 'UTC')::date`;

/** The weeks that an interval touches. */
function weeksSql(datetime: Interval | undefined): Predicate {
  const bounds = [
    ...(datetime?.from ? [sql`k.week_start >= ${mondayOf(datetime.from)}`] : []),
    ...(datetime?.to ? [sql`k.week_start <= ${mondayOf(datetime.to)}`] : []),
  ];
  return bounds.length === 0 ? sql`true` : sql`${sql.join(bounds, sql` and `)}`;
}

/** How many weeks are counted: those of the interval. Where it is open, it ends with the first or last trip's week. */
function spanSql(datetime: Interval | undefined): Expression {
  // Nothing is read for an interval without an open end.
  if (datetime?.from && datetime.to) {
    return sql`select greatest((${mondayOf(datetime.to)} - ${mondayOf(datetime.from)}) / 7 + 1, 0) as weeks`;
  }
  const known = sql`from (select min(h.hour) as first, max(h.hour) as last from tripgrid_internal.hourly_regions h) x`;
  const first = datetime?.from ? mondayOf(datetime.from) : sql`date_trunc('week', x.first)::date`;
  const last = datetime?.to ? mondayOf(datetime.to) : sql`date_trunc('week', x.last)::date`;
  return sql`select greatest((${last} - ${first}) / 7 + 1, 0) as weeks ${known}`;
}
