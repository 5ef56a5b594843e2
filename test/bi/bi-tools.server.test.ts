import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { send, trip } from "../harness/api.ts";
import { asAdmin, startTestService, type TestService } from "../harness/index.ts";

interface Panel {
  title: string;
  type: string;
  datasource: { uid: string };
  options: {
    xField?: string;
    layers?: { location: Record<string, string>; config: { style: { color: { field: string } } } }[];
  };
  targets: { rawSql: string; format: string; datasource: { uid: string } }[];
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const { panels } = JSON.parse(read("deploy/grafana/dashboards/tripgrid.json")) as { panels: Panel[] };
const queries = panels.flatMap((panel) => panel.targets.map((target) => ({ ...panel, ...target })));
const blocks = [...read("docs/bi.md").matchAll(/^```sql( owner)?\n(.*?)^```$/gms)].map(([, owner, text = ""]) => ({
  owner,
  text,
}));

const role = `tg_test_${randomBytes(4).toString("hex")}`;
/** As Grafana does. */
const withRange = (text: string) =>
  text.replace(/\$__timeFilter\((\w+)\)/g, "$1 BETWEEN '2018-01-01T00:00:00Z' AND '2099-01-01T00:00:00Z'");

let service: TestService;
let asRole: postgres.Sql;

beforeAll(async () => {
  service = await startTestService({ biRole: role, biPassword: role });
  const destination = [7.8, 45.1];
  const rows = Array.from({ length: 5 }, (_, i) =>
    trip({ trip_id: String(i), destination, driver_id: "d", region: "Turin", ended_at: "2018-05-21T08:20:00" }),
  );
  // In the same week, cells and hour: of another region, of none, and from another source, where a number is another trip's.
  const others = [
    { trip_id: "5", region: "Prague" },
    { trip_id: "6" },
    { trip_id: "0", region: "Turin", source: "another" },
  ];
  const same = others.map((more) => trip({ destination, ...more }));
  // And in the next week one that ends where it began, and one that begins elsewhere.
  const later = { region: "Turin", started_at: "2018-05-29T09:00:00", destination: [7.67, 45.05] };
  const next = [trip({ ...later, trip_id: "7" }), trip({ ...later, trip_id: "8", origin: destination })];
  await send(service, [...rows, ...same, ...next, { source: "test" }]);
  const { sql, prepared } = service;
  await sql`select tripgrid_internal.put_region('Turin', st_multi(st_makeenvelope(7.6, 45, 7.7, 45.1, 4326)))`;
  for (let behind = 1; behind > 0; ) {
    await refreshRollups(sql, prepared.engine);
    await refreshTotals(sql, prepared.engine, true);
    behind = (
      await sql`select 1 from tripgrid_internal.pending_weeks union all select 1 from tripgrid_internal.totals_state where is_behind`
    ).length;
  }
  const url = new URL(service.database.databaseUrl ?? "");
  url.username = role;
  url.password = role;
  asRole = postgres(url.href, { max: 1, fetch_types: false });
});

afterAll(async () => {
  await asRole?.end();
  await service?.stop();
  await asAdmin((sql) => sql.unsafe(`drop role if exists ${role}`));
});

describe("the dashboard", () => {
  it.each(queries)(
    "$title: the role may ask it, and it gives what the panel shows",
    async ({ rawSql, format, type, options, datasource }) => {
      expect(datasource.uid).toBe("tripgrid");
      const rows = await asRole.unsafe(withRange(rawSql));
      expect(rows.length).toBeGreaterThan(0);
      const columns = new Map(rows.columns.map((column) => [column.name, column.type]));
      if (format === "time_series") {
        // 1114: a timestamp, by which Grafana knows the axis.
        expect(columns.get("time")).toBe(1114);
        const texts = [...columns].filter(([, type]) => type === 25).map(([name]) => name);
        expect(texts.filter((name) => name !== "metric")).toEqual([]);
        expect(rawSql).toMatch(/order by 1$/);
      }
      if (type === "geomap") {
        const [layer] = options.layers ?? [];
        const { latitude = "", longitude = "" } = layer?.location ?? {};
        expect([...columns.keys()]).toEqual(
          expect.arrayContaining([latitude, longitude, layer?.config.style.color.field]),
        );
      }
      if (type === "barchart") expect(columns.has(options.xField ?? "")).toBe(true);
    },
  );

  it("shows every view but that of single trips", () => {
    const used = new Set(
      queries.flatMap(({ rawSql }) => [...rawSql.matchAll(/from bi\.(\w+)/g)].map(([, view]) => view)),
    );
    expect([...used].sort()).toEqual([
      "batches",
      "clusters",
      "drivers",
      "freshness",
      "hourly_profile",
      "rejects",
      "top_routes",
      "weekly_cells",
      "weekly_regions",
    ]);
  });
});

describe("docs/bi.md", () => {
  it.each(blocks)("holds SQL that runs: $text", async ({ owner, text }) => {
    if (!owner) await asRole.unsafe(withRange(text));
    else {
      await service.sql.begin(async (tx) => {
        await tx.unsafe(text);
        await tx`drop role analysts`;
      });
    }
  });

  it("names columns for QGIS that tell the rows of a view apart, and none of them in vain", async () => {
    const section = /^## QGIS$(.*?)^## /ms.exec(read("docs/bi.md"))?.[1] ?? "";
    const keys = [...section.matchAll(/^\| `(\w+)`[^|]*\| (`.*`) \|$/gm)].map(([, view = "", columns = ""]) => ({
      view,
      columns: columns.replaceAll("`", "").split(", "),
    }));
    expect(keys).toHaveLength(5);
    for (const { view, columns } of keys) {
      const differ = async (some: string[]) => {
        const [row] = await asRole.unsafe(
          `select count(*) > 1 and count(*) = count(distinct row(${some.join(", ")})) as all_do from bi.${view}`,
        );
        return row?.all_do;
      };
      expect([view, await differ(columns)]).toEqual([view, true]);
      if (columns.length === 1) continue;
      for (const one of columns) {
        const fewer = columns.filter((column) => column !== one);
        expect([view, one, await differ(fewer)]).toEqual([view, one, false]);
      }
    }
  });

  it("names every view, and every function that the role may call", async () => {
    const text = read("docs/bi.md");
    const views = await asRole`select table_name as name from information_schema.views where table_schema = 'bi'`;
    const functions = await asRole`
      select distinct proname as name from pg_proc where pronamespace = 'tripgrid'::regnamespace and has_function_privilege(oid, 'execute')`;
    for (const { name } of views) expect(text).toContain(`| \`bi.${name}\` |`);
    for (const { name } of functions) expect(text).toContain(`\`${name}\``);
  });
});
