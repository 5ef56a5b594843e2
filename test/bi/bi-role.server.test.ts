import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { pino } from "pino";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { setUpBiRole } from "../../src/bi/bi-role.db.ts";
import { readConfig } from "../../src/config.ts";
import { prepareDatabase } from "../../src/database/prepare.ts";
import { startService } from "../../src/service.ts";
import { createExtensions } from "../database/role.ts";
import { sendNew, trip } from "../harness/api.ts";
import { asAdmin, emptyDatabase, startTestService, type TestService } from "../harness/index.ts";

const name = `tg_test_${randomBytes(4).toString("hex")}`;
const password = `${name}-pass'"`;
const bi = { biRole: name, biPassword: password, biTimeoutS: 5 };

let service: TestService;
const clients: postgres.Sql[] = [];

/** A session of the role, as psql would have it. */
function asRole(as: TestService = service, user = name): postgres.Sql {
  const url = new URL(as.database.databaseUrl ?? "");
  url.username = user;
  url.password = encodeURIComponent(password);
  const sql = postgres(url.href, { max: 1, onnotice: () => {}, fetch_types: false });
  clients.push(sql);
  return sql;
}

const codeOf = (run: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(run).then(
    () => "it went through",
    (error: { code?: string }) => error.code ?? String(error),
  );

beforeAll(async () => {
  service = await startTestService(bi);
  await sendNew(service, [trip({ trip_id: "a", region: "Turin" }), trip({ trip_id: "b" })]);
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
  await service?.stop();
  await asAdmin((sql) => sql.unsafe(`drop role if exists ${name}`));
});

describe("the BI role", () => {
  it("is made with limits of its own", async () => {
    const [role] = await asAdmin((sql) => sql`select * from pg_roles where rolname = ${name}`);
    expect(role).toMatchObject({
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolinherit: false,
      rolcanlogin: true,
      rolconnlimit: 20,
    });
    expect(role?.rolconfig).toEqual(
      expect.arrayContaining(["statement_timeout=5s", "default_transaction_read_only=on"]),
    );
  });

  it("reads every view", async () => {
    const sql = asRole();
    const views = await sql`select table_name from information_schema.views where table_schema = 'bi'`;
    expect(views).toHaveLength(11);
    for (const { table_name } of views) await sql.unsafe(`select * from bi.${table_name} limit 10`);
    expect(await sql`select trip_id from bi.trips order by 1`).toEqual([{ trip_id: "a" }, { trip_id: "b" }]);
  });

  it("calls the functions of analysts, which read with their owner's rights", async () => {
    const sql = asRole();
    const area = "st_makeenvelope(7.6, 45, 7.7, 45.1, 4326)";
    for (const call of [
      `tripgrid.weekly_averages(area => ${area})`,
      `tripgrid.weekly_averages(area => ${area}, method => 'estimate')`,
      "tripgrid.weekly_averages_by_region()",
      `tripgrid.weekly_counts(area => ${area})`,
      `tripgrid.weekly_estimates(area => ${area})`,
      `tripgrid.area_from_geojson(st_asgeojson(${area}))`,
    ]) {
      expect((await sql.unsafe(`select * from ${call}`)).length).toBeGreaterThan(0);
    }
    const [answer] = await sql.unsafe(`select trips::int from tripgrid.weekly_averages(area => ${area})`);
    expect(answer).toEqual({ trips: 2 });
    expect(await codeOf(sql`select tripgrid.region_boundary('nowhere')`)).toBe("TG003");
  });

  const REFUSED = [
    "select * from tripgrid.trips",
    "select * from tripgrid.rejected_rows",
    "select * from tripgrid_internal.cluster_totals",
    "select * from tripgrid_internal.live_weekly_clusters",
    "select * from tripgrid_internal.hourly_regions",
    "select * from tripgrid.settings",
    "insert into tripgrid.sources (name) values ('x')",
    "update tripgrid.settings set shows_trips = true, min_trips = 1",
    "delete from tripgrid.trips",
    "truncate tripgrid.trips",
    "update bi.trips set trip_id = 'x'",
    "delete from bi.batches",
    "create table public.t (i int)",
    "create table bi.t (i int)",
    "create table tripgrid.t (i int)",
    "create temporary table t (i int)",
    "create schema s",
    "create function bi.f() returns int language sql return 1",
    "alter view bi.clusters set (security_barrier = false)",
    "drop view bi.clusters",
    "copy tripgrid.trips to stdout",
    "select tripgrid_internal.rebuild_rollups()",
    "select tripgrid_internal.refresh_totals()",
    "select * from tripgrid_internal.archive_weeks()",
    "select * from tripgrid_internal.rollup_counts('weekly_origins', '{u0j2q}', null, null)",
    "select * from tripgrid_internal.weekly_counts_of_regions(null)",
    "select tripgrid_internal.put_region('x', null, null)",
    "select pg_read_file('/etc/passwd')",
  ];
  it.each(REFUSED)("may not: %s", async (statement) => {
    const sql = asRole();
    // What it could set for itself is set: the grants alone have to hold.
    await sql.unsafe("set default_transaction_read_only = off");
    const code = await codeOf(sql.unsafe(statement));
    expect(code).toBe("42501");
    await sql.end();
  });

  it("may call no function of ours but those", async () => {
    const rows = await asRole()`
      select distinct p.proname as name from pg_proc p
      where p.pronamespace in ('tripgrid'::regnamespace, 'tripgrid_internal'::regnamespace) and has_function_privilege(p.oid, 'execute') order by 1`;
    const names = rows.map((row) => row.name);
    expect(names).toEqual([
      "area_from_geojson",
      "checked_area",
      "cluster_answer",
      "clusters",
      "region_boundary",
      "valid_area_from_geojson",
      "weekly_averages",
      "weekly_averages_by_area",
      "weekly_averages_by_region",
      "weekly_counts",
      "weekly_estimates",
    ]);
    const open = await service.sql`
      select proname from pg_proc
      where pronamespace in ('tripgrid'::regnamespace, 'tripgrid_internal'::regnamespace) and has_function_privilege('public', oid, 'execute')`;
    expect(open).toEqual([]);
  });

  it("may read no table of ours, wherever the engine keeps it", async () => {
    const rows = await asRole()`
      select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('tripgrid', 'tripgrid_internal', '_timescaledb_internal') and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and c.relname ~ 'trips|hyper|week|row|total|batch|driver' and has_table_privilege(c.oid, 'select')
        and not (n.nspname = '_timescaledb_internal' and c.relname ~ '^(bgw|hypertable_chunk|compressed_)')`;
    expect(rows).toEqual([]);
  });

  it("the functions run as their owner, and look names up only in schemas that no other role can write to", async () => {
    const rows = await service.sql<{ proname: string; prosecdef: boolean; path: string }[]>`
      select p.proname, p.prosecdef, c as path from pg_proc p, unnest(p.proconfig) c
      where p.pronamespace = 'tripgrid'::regnamespace and c like 'search_path=%'
        and has_function_privilege(${name}, p.oid, 'execute')`;
    expect(rows.length).toBeGreaterThanOrEqual(7);
    for (const { prosecdef, path } of rows) {
      expect(prosecdef).toBe(true);
      expect(path).toMatch(/, pg_temp$/);
    }
  });

  it("does not run past its timeout", async () => {
    expect(await codeOf(asRole()`select pg_sleep(3600)`)).toBe("57014");
  });

  it("nor by raising it, by catching what ends it, or by holding a lock", async () => {
    const raised = [
      "select pg_sleep(3600)",
      "do $$ begin loop begin perform pg_sleep(3600); exception when query_canceled then null; end; end loop; end $$",
    ];
    const codes = await Promise.all(
      raised.map(async (statement) => {
        const sql = asRole();
        await sql`set statement_timeout = 0`;
        return codeOf(sql.unsafe(statement));
      }),
    );
    // What ended it is not always told in time.
    for (const code of codes) expect(["57P01", "CONNECTION_CLOSED"]).toContain(code);
    const holding = asRole();
    await holding`select pg_advisory_lock(1)`;
    for (let held = 1; held > 0; await wait(200)) {
      held = (
        await service.sql`select 1 from pg_stat_activity a join pg_locks l using (pid) where usename = ${name} and locktype = 'advisory'`
      ).length;
    }
  });

  it("sees no single trips once they are not shown, at the next start", async () => {
    const { database } = service;
    const config = {
      ...readConfig({ ...database.env, PORT: "0", TRIPGRID_EXPOSE_TRIPS: "false", TRIPGRID_MIN_GROUP_SIZE: "3" }),
      ...bi,
    };
    const crash = (error: Error) => {
      throw error;
    };
    const again = await startService(config, pino({ level: "silent" }), crash);
    try {
      expect(await codeOf(asRole()`select * from bi.trips`)).toBe("42501");
      expect(await service.sql`select * from bi.trips`).toEqual([]);
      // Nor does a plan tell what a condition met on its way: it is the same whether there are so many trips or not.
      await sendNew(service, [trip({ source: "lonely", destination: [7.7, 45.06] })]);
      const small = await vi.waitFor(async () => {
        const [one] = await service.sql`
          select o_cell, d_cell, hour, source, sum(trips) as trips from tripgrid_internal.weekly_clusters
          group by 1, 2, 3, 4, region having sum(trips) < 3 limit 1`;
        return one ?? expect.fail("the rollup has none yet");
      }, 300_000);
      const made = () => service.sql`select min_trips from tripgrid_internal.totals_state`;
      await vi.waitFor(async () => expect(await made()).toEqual([{ min_trips: 3 }]), 300_000);
      const planOf = (trips: number) => asRole()`
        explain (analyze, costs off, timing off, summary off) select 1 from bi.clusters
        where origin_cell = ${small.o_cell} and destination_cell = ${small.d_cell} and hour = ${small.hour}
          and source = ${small.source} and trips = ${trips}`;
      const plain = async (trips: number) =>
        JSON.stringify(await planOf(trips))
          .replace(/trips = '?\d+'?/g, "")
          .replace(/::bigint/g, "");
      expect(await plain(small.trips)).toBe(await plain(2000));
      expect(await asRole()`select count(*)::int as views from bi.freshness`).toEqual([{ views: 10 }]);
    } finally {
      await again.stop();
      await service.sql`update tripgrid.settings set shows_trips = true, min_trips = 1`;
    }
  });
});

describe("the role's name", () => {
  const role = { name, password: undefined, timeoutS: 30 };

  it("that is the service's own, or a mightier one, is refused", async () => {
    const [own] = await service.sql<{ name: string }[]>`select current_user::text as name`;
    await expect(setUpBiRole(service.sql, { ...role, name: own?.name ?? "" })).rejects.toThrow(
      /TRIPGRID_BI_ROLE: the role/,
    );
    const other = `${name}_maker`;
    await asAdmin((sql) => sql.unsafe(`create role ${other} createrole`));
    try {
      await expect(setUpBiRole(service.sql, { ...role, name: other })).rejects.toThrow(/may do more than read/);
    } finally {
      await asAdmin((sql) => sql.unsafe(`drop role ${other}`));
    }
  });

  it("that an administrator made is only granted what it needs; rights that others gave it are told", async () => {
    await service.sql`create schema other`;
    await service.sql.unsafe(`grant create on schema other to ${name}`);
    const warnings = await setUpBiRole(service.sql, role);
    expect(warnings).toEqual([
      `${name} may create tables in the schema other: revoke create on schema other from public.`,
    ]);
    await service.sql`drop schema other`;
  });

  it("its grants are taken back where they are too many", async () => {
    await service.sql.unsafe(
      `grant select on tripgrid.trips to ${name}; grant execute on function tripgrid_internal.rebuild_rollups to ${name}`,
    );
    expect(await setUpBiRole(service.sql, role)).toEqual([]);
    expect(await codeOf(asRole()`select * from tripgrid.trips`)).toBe("42501");
    expect(await codeOf(asRole()`select tripgrid_internal.rebuild_rollups()`)).toBe("42501");
  });
});

describe("on a server whose database owner is no superuser", () => {
  it.each([
    ["may make roles", "createrole", 0],
    ["may make none", "nocreaterole", 1],
  ])("who %s", async (_, right, warnings) => {
    const owner = `${name}_${right}`;
    const made = `${owner}_bi`;
    const database = await emptyDatabase();
    await createExtensions(database, "public");
    const inside = new URL(database.databaseUrl ?? "");
    const databaseName = inside.pathname.slice(1);
    const admin = postgres(inside.href, { max: 1, onnotice: () => {} });
    await admin.unsafe(`create role ${owner} login password '${owner}' ${right}`);
    await admin.unsafe(`alter database ${databaseName} owner to ${owner}`);
    inside.username = owner;
    inside.password = owner;
    await prepareDatabase({ url: inside.href }, "UTC");
    const sql = postgres(inside.href, { max: 1, onnotice: () => {} });
    try {
      const said = await setUpBiRole(sql as never, { name: made, password, timeoutS: 30 });
      expect(said).toHaveLength(warnings);
      if (warnings > 0) {
        expect(said[0]).toMatch(/there is no role .* create role/);
        await admin.unsafe(`create role ${made} login noinherit`);
        const later = await setUpBiRole(sql as never, { name: made, password: undefined, timeoutS: 30 });
        expect(later.join()).toMatch(/limits .* could not be set .*cannot be ended/s);
      }
      const [may] = await admin`select has_table_privilege(${made}, 'bi.clusters', 'select') as views,
        has_table_privilege(${made}, 'tripgrid.trips', 'select') as trips, has_database_privilege(${made}, current_database(), 'temporary') as temporary`;
      expect(may).toEqual({ views: true, trips: false, temporary: false });
    } finally {
      await sql.end();
      await admin.end();
      await database.drop();
      await asAdmin((one) => one.unsafe(`drop role if exists ${made}; drop role ${owner}`));
    }
  });
});
