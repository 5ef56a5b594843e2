import { beforeAll, describe, expect, it } from "vitest";
import { geohash, sendNew, trip } from "../harness/api.ts";
import { engine, useService } from "../harness/index.ts";

const service = useService();

const GOOD: Record<string, string> = {
  local_time: "'2018-05-21T08:00:00'",
  started_at: "'2018-05-21T06:00:00Z'",
  origin: "st_setsrid(st_makepoint(7.67, 45.05), 4326)",
  source: "'sql'",
  trip_id: "'a'",
};

/** Writes a trip as one does who has SQL only. */
async function insert(change: Record<string, string>): Promise<void> {
  const row = { ...GOOD, ...change };
  const names = Object.keys(row).join(", ");
  await service.sql.unsafe(`insert into tripgrid.trips (${names}) values (${Object.values(row).join(", ")})`);
}

const point = (lon: string, lat: string) => `st_setsrid(st_makepoint(${lon}, ${lat}), 4326)`;
/** PostGIS refuses to make a cell of what is out of range before the constraint is asked. */
const OUT_OF_RANGE = /trips_origin|Geohash requires inputs in decimal degrees/;
const rowsNow = async () => (await service.sql`select count(*) from tripgrid.trips where source = 'sql'`)[0]?.count;

describe("the table of trips takes from those who write by SQL", () => {
  beforeAll(() => service.sql`select tripgrid_internal.ensure_partitions(array['2018-05-21'::timestamp])`);

  it("a trip, and gives it its cells", async () => {
    await insert({ destination: point("-180", "90") });
    const rows = await service.sql`select o_cell, d_cell from tripgrid.trips where source = 'sql'`;
    expect([...rows]).toEqual([{ o_cell: geohash(7.67, 45.05), d_cell: geohash(-180, 90) }]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["an origin that is no number", { origin: point("'NaN'", "45") }, /trips_origin/],
    ["an origin that is infinite", { origin: point("'infinity'", "45") }, OUT_OF_RANGE],
    ["a latitude that is no number", { origin: point("7", "'NaN'") }, /trips_origin/],
    ["a latitude that is infinite", { origin: point("7", "'-infinity'") }, OUT_OF_RANGE],
    ["an empty origin", { origin: "'SRID=4326;POINT EMPTY'" }, /trips_origin/],
    ["no origin", { origin: "null" }, /origin/],
    ["a longitude of 180", { origin: point("180", "45") }, /trips_origin/],
    ["a longitude of -180.1", { origin: point("-180.1", "45") }, OUT_OF_RANGE],
    ["a latitude of 90.1", { origin: point("7", "90.1") }, OUT_OF_RANGE],
    ["an origin that is a line", { origin: "'SRID=4326;LINESTRING(0 0, 1 1)'" }, /Geometry type/],
    ["an origin in metres", { origin: "'SRID=3857;POINT(0 0)'" }, /SRID/],
    ["a destination that is no number", { destination: point("'NaN'", "'NaN'") }, /trips_destination/],
    ["an empty destination", { destination: "'SRID=4326;POINT EMPTY'" }, /trips_destination/],
    ["a destination at 180", { destination: point("180", "45") }, /trips_destination/],
    ["an infinite local time", { local_time: "'infinity'" }, /trips_times_finite|no partition|out of range/],
    ["an infinite start", { started_at: "'-infinity'" }, /trips_times_finite/],
    ["an infinite end", { ended_at: "'infinity'" }, /trips_times_finite/],
    ["an infinite booking", { booked_at: "'infinity'" }, /trips_times_finite/],
    ["a negative duration", { duration_s: "-1" }, /trips_duration/],
    ["a duration that is no number", { duration_s: "'NaN'" }, /trips_duration/],
    ["an infinite distance", { distance_m: "'infinity'" }, /trips_distance/],
    ["a distance that is no number", { distance_m: "'NaN'" }, /trips_distance/],
    ["an empty source", { source: "''" }, /trips_source/],
    ["a long source", { source: "repeat('x', 201)" }, /trips_source/],
    ["an empty id", { trip_id: "''" }, /trips_trip_id/],
    ["an empty region", { region: "''" }, /trips_region/],
    ["attributes that are a list", { attributes: "'[]'" }, /trips_attributes/],
    ["a cell of their own", { o_cell: "'u0j2mqw'" }, /o_cell/],
    ["the same identity again", {}, /duplicate key|trips_pkey/],
  ])("not %s", async (_, change, reason) => {
    const before = await rowsNow();
    await expect(
      insert({ ...(Object.keys(change).length > 0 ? { trip_id: "'b'" } : {}), ...change }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(reason),
    });
    expect(await rowsNow()).toBe(before);
  });
});

describe("the table of trips", () => {
  it("has the same columns on every engine", async () => {
    const columns = await service.sql`
      select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as needed, attgenerated = 's' as generated,
             (select collname from pg_collation where oid = attcollation) as collation
      from pg_attribute where attrelid = 'tripgrid.trips'::regclass and attnum > 0 and not attisdropped order by attnum`;
    const text = (column: (typeof columns)[number]) =>
      [
        column.name,
        String(column.type).replace(/^(\w+\.)?geometry/, "geometry"),
        column.needed && "needed",
        column.generated && "generated",
        column.collation === "C" && "C",
      ]
        .filter(Boolean)
        .join(" ");
    expect(columns.map(text)).toEqual([
      "local_time timestamp without time zone needed",
      "started_at timestamp with time zone needed",
      "ended_at timestamp with time zone",
      "booked_at timestamp with time zone",
      "duration_s double precision",
      "distance_m double precision",
      "origin geometry(Point,4326) needed",
      "destination geometry(Point,4326)",
      "source text needed C",
      "trip_id text needed C",
      "region text C",
      "driver_id text C",
      "rider_id text C",
      "vehicle_model text C",
      "o_cell text generated C",
      "d_cell text generated C",
      "attributes jsonb",
      "batch integer",
      "is_local boolean",
    ]);
  });

  it("has the same constraints and indexes on every engine", async () => {
    const named = await service.sql`
      select conname as name from pg_constraint where conrelid = 'tripgrid.trips'::regclass and contype in ('c', 'p')
      union select indexrelid::regclass::text from pg_index where indrelid = 'tripgrid.trips'::regclass`;
    expect(named.map(({ name }) => String(name).replace("tripgrid.", "")).sort()).toEqual([
      "trips_attributes",
      "trips_cluster",
      "trips_d_cell",
      "trips_destination",
      "trips_distance",
      "trips_duration",
      "trips_local_time",
      "trips_o_cell",
      "trips_origin",
      "trips_pkey",
      "trips_region",
      "trips_source",
      "trips_times_finite",
      "trips_trip_id",
    ]);
  });

  const times = ["2018-05-21T08:00:00", "2018-06-18T00:00:00", "2018-06-17T23:59:59", "2001-01-01T00:00:00"];

  it.skipIf(engine === "timescaledb")("is cut into partitions of four weeks that begin on Mondays", async () => {
    await sendNew(
      service,
      times.map((started_at) => trip({ source: "partitions", started_at })),
    );
    const bounds = await service.sql`
      select pg_get_expr(c.relpartbound, c.oid) as bounds from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'tripgrid.trips'::regclass`;
    expect(bounds.length).toBeGreaterThanOrEqual(3);
    const from = bounds.map(
      ({ bounds }) => /FROM \('(\S+) 00:00:00'\) TO \('(\S+) 00:00:00'\)/.exec(bounds)?.slice(1) ?? [],
    );
    for (const [start = "", end = ""] of from) {
      expect(new Date(start).getUTCDay()).toBe(1);
      expect(Date.parse(end) - Date.parse(start)).toBe(28 * 86_400_000);
    }
    expect(await service.sql`select tripgrid_internal.ensure_partitions(${times}::timestamp[]) as made`).toEqual([
      { made: 0 },
    ]);
  });

  it.runIf(engine === "timescaledb")("is a hypertable with chunks of four weeks", async () => {
    await sendNew(
      service,
      times.map((started_at) => trip({ source: "chunks", started_at })),
    );
    const spans = await service.sql`
      select distinct extract(epoch from range_end - range_start) / 86400 as days from timescaledb_information.chunks
      where hypertable_schema = 'tripgrid' and hypertable_name = 'trips'`;
    expect([...spans]).toEqual([{ days: 28 }]);
  });
});
