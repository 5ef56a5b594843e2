import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { copyDatabase } from "../../src/database/copy-database.ts";
import { StartError } from "../../src/errors.ts";
import { archiveWeeks } from "../../src/rollups/archive-weeks.db.ts";
import { keepWeeksFor } from "../harness/api.ts";
import {
  emptyDatabase,
  engine,
  freshDatabase,
  inDatabase,
  startTestService,
  type TestDatabase,
} from "../harness/index.ts";
import { countTrips, postTrips } from "../service/trips.ts";

const TABLES = [
  "sources",
  "regions",
  "mappings",
  "lookups",
  "saved_queries",
  "api_keys",
  "users",
  "refresh_tokens",
  "signing_keys",
  "batches",
  "rejected_rows",
  "payload_parts",
  "batch_chunks",
  "imports",
  "callbacks",
  "idempotency_keys",
  "cancelled_trips",
  "repeated_trips",
  "audit_log",
  "broker_positions",
  "outbox",
  "retired_weekly_origins_7",
  "retired_weekly_origins_6",
  "retired_weekly_origins_5",
  "retired_weekly_origins_4",
  "retired_weekly_destinations_7",
  "retired_weekly_destinations_6",
  "retired_weekly_destinations_5",
  "retired_weekly_destinations_4",
  "retired_hourly_regions",
  "retired_weekly_clusters",
  "retired_weekly_drivers",
  "detections",
  "alert_rules",
  "alerts",
  "alert_callbacks",
  "trips",
];
/** What belongs to one database: its migrations, the number of its changes of credentials, and logins that failed. */
const NOT_COPIED = ["settings", "schema_migrations", "auth_state", "login_failures", "alert_state"];
const TRIPS = 6000;
/** A Monday on which a partition begins; the trips of four of nine years are from before, and not dropped yet. */
const RETIRED = "2014-05-05";
const KEPT = 3332;

const addressOf = (database: TestDatabase) => ({ url: database.databaseUrl ?? "" });

/** Of every table how many rows it has and a hash of all that is in them. */
function contents(database: TestDatabase): Promise<Record<string, { rows: number; hash: string }>> {
  return inDatabase(database, async (sql) => {
    const all: Record<string, { rows: number; hash: string }> = {};
    for (const table of TABLES) {
      const [row] = await sql<{ rows: number; hash: string }[]>`
        select count(*)::int as rows, md5(string_agg(t::text, e'\n' order by t::text collate "C")) as hash
        from ${sql(`${table.startsWith("retired_") ? "tripgrid_internal" : "tripgrid"}.${table}`)} t
        ${table === "trips" ? sql`where local_time >= (select retired_before from tripgrid.settings)` : sql``}`;
      if (row) all[table] = { ...row };
    }
    return all;
  });
}

let source: TestDatabase;
const others: TestDatabase[] = [];
const other = async (make: () => Promise<TestDatabase>) => {
  const database = await make();
  others.push(database);
  return database;
};

beforeAll(async () => {
  source = await freshDatabase();
  const service = await startTestService({}, { ...source, drop: async () => {} });
  const json = { "content-type": "application/json" };
  const box = {
    type: "Polygon",
    coordinates: [
      [
        [7, 44],
        [8, 44],
        [8, 46],
        [7, 46],
        [7, 44],
      ],
    ],
  };
  const region = { boundary: box, time_zone: "Asia/Kolkata" };
  await fetch(`${service.url}/v1/regions/Turin`, { method: "PUT", headers: json, body: JSON.stringify(region) });
  const query = { by: ["week", "region"], order: ["-trips"], limit: 5 };
  await fetch(`${service.url}/v1/queries/busiest`, { method: "PUT", headers: json, body: JSON.stringify(query) });
  const rows = Array.from({ length: TRIPS }, (_, i) => ({
    source: `s${i % 3}`,
    region: i % 2 ? "Turin" : undefined,
    started_at: `20${10 + (i % 9)}-05-21T08:00:00.00000${i % 10}${i % 5 ? "" : "Z"}`,
    origin: [7.672837913286881, 44.9957109242058 + i / 1e6],
    destination: i % 4 ? [7.7, 45] : undefined,
    attributes: { n: i, text: 'a "quoted", {odd} \\ ünïcode 😀' },
  }));
  const reply = await fetch(`${service.url}/v1/trips?verdicts=all`, {
    method: "POST",
    headers: { ...json, "idempotency-key": "copied" },
    body: JSON.stringify([...rows, { source: "bad" }]),
  });
  expect(await reply.json()).toMatchObject({ inserted: TRIPS, rejected: 1 });
  const retire = () => archiveWeeks(service.sql, engine, keepWeeksFor(RETIRED), { dropAfter: "1 day" });
  await fetch(`${service.url}/v1/lookups/stations`, {
    method: "PUT",
    headers: { "content-type": "text/csv" },
    body: "id,lon,lat\na,7.1,45\n",
  });
  await fetch(`${service.url}/v1/detections`, {
    method: "POST",
    headers: json,
    body: JSON.stringify(
      ["a", "b"].map((Model) => ({ Year: 2011, Make: "Fiat", Model, Category: "Car", location: [7, 45] })),
    ),
  });
  await service.sql`insert into tripgrid.broker_positions (topic, partition, position) values ('trips', 0, 7)`;
  await service.sql`
    insert into tripgrid.outbox (topic, key, value, headers) values ('trips.rejected', 'k', '\\x7b7d', '{"reason": "a"}')`;
  await service.sql`
    insert into tripgrid.api_keys (name, digest, scopes) values ('fleet', '\\x01', '{ingest}')`;
  await vi.waitFor(async () => expect(await retire()).toMatchObject({ retired: true }), 300_000);
  await service.stop();
});

afterAll(async () => {
  for (const database of [source, ...others]) await database?.drop();
});

describe("a copy", () => {
  it("into a database that was empty holds the same in every table, and serves", async () => {
    const target = await other(emptyDatabase);
    const told: Record<string, number> = {};
    await copyDatabase(addressOf(source), addressOf(target), (table, rows) => {
      told[table] = rows;
    });
    const [before, after] = [await contents(source), await contents(target)];
    expect(after).toEqual(before);
    const counts = (database: TestDatabase) =>
      inDatabase(database, (sql) => sql`select * from bi.detections_daily order by day, dimension, value`);
    expect(await counts(target)).toEqual(await counts(source));
    expect((await counts(target)).length).toBeGreaterThan(5);
    expect(told).toEqual(Object.fromEntries(TABLES.map((table) => [table, before[table]?.rows])));
    expect(told).toMatchObject({
      trips: KEPT,
      retired_weekly_origins_4: 16,
      regions: 1,
      saved_queries: 1,
      batches: 2,
      rejected_rows: 1,
      idempotency_keys: 1,
      ...{ lookups: 1, broker_positions: 1, outbox: 1, api_keys: 1 },
    });
    const held = await inDatabase(
      target,
      (sql) => sql<{ name: string }[]>`
        select relname as name from pg_class where relnamespace = 'tripgrid'::regnamespace and relkind in ('r', 'p')
          and not relispartition`,
    );
    const missing = held.map(({ name }) => name).filter((name) => !(name in told) && !NOT_COPIED.includes(name));
    expect(missing).toEqual([]);

    const service = await startTestService({}, { ...target, drop: async () => {} });
    // A database that has a key asks for one.
    const headers = { authorization: `Bearer ${service.ownKey}` };
    const answer = await fetch(`${service.url}/v1/trips/count?by=source&boundary=Turin`, { headers });
    expect(await answer.json()).toMatchObject({ total: KEPT });
    const weekly = await fetch(`${service.url}/v1/weekly-averages?bbox=7,44,8,46`, { headers });
    expect(await weekly.json()).toMatchObject({ trips: TRIPS, method: "exact", retired_before: RETIRED });
    await service.stop();
  });

  it.each(["regions", "sources"])("into a database that holds %s is refused and changes nothing", async (table) => {
    const target = await other(freshDatabase);
    await inDatabase(target, (sql) => sql`insert into ${sql(`tripgrid.${table}`)} (name) values ('held')`);
    const before = await contents(target);
    const copying = copyDatabase(addressOf(source), addressOf(target), () => {});
    await expect(copying).rejects.toThrow(StartError);
    await expect(copying).rejects.toThrow(`holds ${table} already`);
    expect(await contents(target)).toEqual(before);
  });

  it("out of a database of an older chain of migrations brings all that it has, though it lacks tables and columns", async () => {
    const [from, to] = [await other(freshDatabase), await other(emptyDatabase)];
    const old = await startTestService({}, { ...from, drop: async () => {} });
    await postTrips(old.url, "a", "b");
    await old.stop();
    await inDatabase(from, async (sql) => {
      await sql`drop table tripgrid.saved_queries, tripgrid_internal.retired_weekly_drivers cascade`;
      // In the first chains of migrations all tables were in one schema.
      await sql`alter table tripgrid_internal.retired_hourly_regions set schema tripgrid`;
      await sql`insert into tripgrid.retired_hourly_regions (hour, trips, source) values ('2001-01-01', 7, 'fleet')`;
      await sql`alter table tripgrid.batches drop column busy_seconds cascade`;
      await sql`alter table tripgrid.settings drop column retired_before cascade, drop column closed_before cascade`;
      await sql`insert into tripgrid.schema_migrations values ('20261120000100')`;
    });
    const told: Record<string, number> = {};
    await copyDatabase(addressOf(from), addressOf(to), (table, rows) => {
      told[table] = rows;
    });
    expect(told).toMatchObject({ trips: 2, batches: 1, sources: 1, saved_queries: 0, retired_weekly_drivers: 0 });
    expect(told).toMatchObject({ retired_hourly_regions: 1 });

    const service = await startTestService({}, { ...to, drop: async () => {} });
    expect(await countTrips(service.url)).toBe(2);
    expect(await postTrips(service.url, "b", "c")).toMatchObject({ inserted: 1, duplicates: 1 });
    await service.stop();
  });

  it("out of a database that is none of Tripgrid's is refused and changes nothing", async () => {
    const [from, to] = [await other(emptyDatabase), await other(emptyDatabase)];
    const copying = copyDatabase(addressOf(from), addressOf(to), () => {});
    await expect(copying).rejects.toThrow(StartError);
    await expect(copying).rejects.toThrow("none of Tripgrid's");
    const [made] = await inDatabase(to, (sql) => sql`select to_regclass('tripgrid.settings') is null as untouched`);
    expect(made?.untouched).toBe(true);
  });
});
