import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { call, callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { engine, NO_REFRESH, useService } from "../harness/index.ts";

const service = useService({}, NO_REFRESH);
let session: Sql;

interface Answer {
  columns: string[];
  rows: Record<string, unknown>[];
  source: string;
  truncated: boolean;
  data_as_of: string;
  sql: string;
  parameters: unknown[];
  withheld?: object;
}
const ask = async (query: object) => {
  const reply = await callJson<Answer>(service, "POST", "/v1/query", query);
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  return reply.body;
};
const post = (body: object, accept: string, query = "") =>
  fetch(`${service.url}/v1/query${query}`, { method: "POST", headers: { accept }, body: JSON.stringify(body) });

beforeAll(async () => {
  session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
  await callJson(service, "PUT", "/v1/regions/Box", { boundary: polygon(corners(7.6, 45, 7.7, 45.1)) });
  await sendNew(service, [
    trip({ trip_id: "1", region: "Turin", driver_id: "=cmd", duration_s: 600, attributes: { fare: 5 } }),
    trip({ trip_id: "2", region: "Turin", started_at: "2018-05-28T09:00:00", destination: [7.7203, 45.0678] }),
    trip({ trip_id: "3", region: "Milan", duration_s: 1200, origin: [9.19, 45.46], attributes: { fare: "5" } }),
  ]);
});
afterAll(() => session?.end({ timeout: 5 }));

describe("POST /v1/query", () => {
  it("counts every committed trip, before the rollups know of it and after", async () => {
    const query = { by: ["region", "week", "hour"] };
    const rows = [
      { region: "Milan", week: "2018-W21", hour: 8, trips: 1 },
      { region: "Turin", week: "2018-W21", hour: 8, trips: 1 },
      { region: "Turin", week: "2018-W22", hour: 9, trips: 1 },
    ];
    const about = { columns: ["region", "week", "hour", "trips"], truncated: false, source: "hourly_regions" };
    expect(await ask(query)).toEqual({ ...about, rows, data_as_of: expect.stringMatching(/^20..-..-..T.*Z$/) });
    await refreshRollups(session, engine);
    expect(await ask(query)).toMatchObject({ ...about, rows });
  });

  it.each<[object, string]>([
    [{}, "hourly_regions"],
    [{ by: ["day", "source"], where: { not: { hour: { in: [1, 2] } }, from: "2018-05-22" } }, "hourly_regions"],
    [{ by: [{ origin_cell: 5 }, "week"] }, "weekly_origins_5"],
    [{ by: [{ origin_cell: 2 }] }, "weekly_origins_4"],
    [{ by: ["week_start"], where: { origin_cell: "u0j2q12" } }, "weekly_origins_7"],
    [{ by: [{ destination_cell: 6 }], where: { region: "Turin" } }, "weekly_destinations_6"],
    [{ by: [{ origin_cell: 5 }], where: { from: "2018-05-21", to: "2018-06-03" } }, "weekly_origins_5"],
    [{ by: [{ origin_cell: 5 }], where: { from: "2018-05-22" } }, "trips"],
    [{ by: [{ origin_cell: 5 }], where: { to: "2018-06-02" } }, "trips"],
    [{ by: [{ origin_cell: 5 }, "hour"] }, "trips"],
    [{ by: [{ origin_cell: 5 }, { destination_cell: 5 }] }, "trips"],
    [{ by: ["driver"] }, "trips"],
    [{ by: ["region"], where: { driver: "d" } }, "trips"],
    [{ by: ["region"], where: { within: { boundary: "Box" } } }, "trips"],
    [{ by: ["region"], select: ["trips", { avg: "duration_s" }] }, "trips"],
  ])("%j is answered from %s, and shows the SQL that it would be", async (query, source) => {
    expect((await ask(query)).source).toBe(source);
    const explained = await ask({ ...query, explain: true });
    expect(Object.keys(explained)).toEqual([
      "source",
      ...(source === "trips" ? ["rows_to_read"] : []),
      "sql",
      "parameters",
    ]);
    expect(explained.source).toBe(source);
    expect(explained.sql).toContain(source === "trips" ? "tripgrid.trips" : `"${source}"`);
  });

  it("puts nothing that was said into the SQL but as a parameter", async () => {
    const text = "x'; drop table tripgrid.trips; --";
    const { sql, parameters } = await ask({
      select: [{ sum: `attributes.${text}`, as: "secret_name" }],
      by: [`attributes.${text}`],
      where: { region: text, driver: { in: [text] } },
      explain: true,
    });
    expect(sql).not.toMatch(/drop table|secret_name/);
    expect(sql).toMatch(/\$\d/);
    expect(parameters.flat()).toEqual(expect.arrayContaining([text]));
  });

  it("takes missing values for no values, and a test of one for false", async () => {
    const count = async (where: object) => (await ask({ where })).rows[0]?.trips;
    expect(await count({ duration_s: { "<": 10_000 } })).toBe(2);
    expect(await count({ not: { duration_s: { "<": 10_000 } } })).toBe(1);
    expect(await count({ driver: { "!=": "x" } })).toBe(1);
    expect(await count({ driver: null })).toBe(2);
    // As a CSV has it, too.
    expect(await count({ "attributes.fare": 5 })).toBe(2);
    expect(await count({ "attributes.fare": "5" })).toBe(2);
    const { rows } = await ask({ select: ["trips", { sum: "attributes.fare" }, { max: "attributes.none" }] });
    expect(rows).toEqual([{ trips: 3, "sum_attributes.fare": 10, "max_attributes.none": null }]);
  });

  it("takes a circle, and a box with heights, as the other questions do", async () => {
    const count = async (within: object) => (await ask({ where: { within } })).rows[0]?.trips;
    const weekly = async (area: string) =>
      (await call<{ trips: number }>(service, `/v1/weekly-averages?${area}`)).body.trips;
    expect(await count({ circle: [7.67, 45.05, 20_000] })).toBe(await weekly("circle=7.67,45.05,20000"));
    expect(await count({ bbox: [7, 44, -10, 10, 46, 900] })).toBe(await weekly("bbox=7,44,10,46"));
    expect(await weekly("circle=7.67,45.05,20000")).toBeGreaterThan(0);
  });

  it("takes as much as is allowed", async () => {
    const tests = (one: object) => ({ or: Array.from({ length: 99 }, () => one) });
    const cells = Array.from({ length: 1000 }, (_, i) => `u0${i.toString(32).replace(/[ailo]/g, "z")}`);
    const within = { bbox: [7, 44, 10, 46], match: "either" };
    const where = { within, and: [tests({ "attributes.fare": 5 }), tests({ "attributes.none": { "!=": 5 } })] };
    expect((await ask({ where })).rows).toEqual([{ trips: 0 }]);
    const having = { or: [tests({ trips: 5 }), tests({ trips: { ">=": 0 } })] };
    const many = {
      or: Array.from({ length: 9 }, () => ({ destination_cell: { in: [...cells, "u0j2r"].slice(-1000) } })),
    };
    const select = Array.from({ length: 20 }, (_, i) => ({ percentile: "attributes.fare", p: i / 20, as: `p${i}` }));
    expect((await ask({ select, where: many, having })).rows).toMatchObject([{ p0: null }]);
    expect((await ask({ by: [{ destination_cell: 7 }], where: many })).rows).toHaveLength(1);
  });

  it("says that there is more than the limit", async () => {
    expect(await ask({ by: ["region"], order: ["-trips"], limit: 1 })).toMatchObject({
      rows: [{ region: "Turin", trips: 2 }],
      truncated: true,
    });
    expect(await ask({ by: ["region"], limit: 2 })).toMatchObject({ truncated: false });
  });

  it("gives JSON, CSV or NDJSON, as the address or the header says", async () => {
    const query = { by: ["driver"], order: ["trips"] };
    const csv = "driver,trips\n'=cmd,1\n,2\n";
    const ndjson = '{"driver":"=cmd","trips":1}\n{"driver":null,"trips":2}\n';
    for (const [reply, type, text] of [
      [await post(query, "text/csv"), "text/csv; charset=utf-8", csv],
      [await post(query, "application/json", "?format=csv"), "text/csv; charset=utf-8", csv],
      [await post(query, "application/x-ndjson"), "application/x-ndjson", ndjson],
      [await post(query, "text/csv", "?format=ndjson"), "application/x-ndjson", ndjson],
    ] as const) {
      expect([reply.status, reply.headers.get("content-type"), await reply.text()]).toEqual([200, type, text]);
      expect(reply.headers.get("tripgrid-source")).toBe("trips");
    }
    expect((await post(query, "text/csv", "?format=json")).headers.get("content-type")).toBe("application/json");
  });

  it("about the boundary of a region that there is not is a 404", async () => {
    const { status, body } = await callJson(service, "POST", "/v1/query", {
      where: { within: { boundary: "Nowhere" } },
    });
    expect([status, body.code]).toEqual([404, "not_found"]);
  });

  it("points at what is wrong", async () => {
    const query = { where: { and: [{ region: "Turin" }, { duration: { ">": 5 } }] } };
    const { status, body } = await callJson(service, "POST", "/v1/query", query);
    expect([status, body.code]).toEqual([400, "invalid_body"]);
    expect(body.errors).toEqual([
      { field: "where.and[1].duration", detail: 'there is no field "duration"; did you mean duration_s?' },
    ]);
  });

  it("withholds groups of few trips, whatever is asked of them", async () => {
    await service.sql`update tripgrid.settings set min_trips = 2`;
    expect(await ask({ by: ["region"] })).toMatchObject({ rows: [], withheld: { min_trips: 2, groups: 2 } });
    expect(await ask({})).toMatchObject({ rows: [{ trips: 3 }], withheld: { groups: 0 } });
    expect(await ask({ where: { region: "Milan" } })).toMatchObject({ rows: [], withheld: { groups: 1 } });
    expect(await ask({ where: { region: "Rome" } })).toMatchObject({ rows: [{ trips: 0 }], withheld: { groups: 0 } });
    await service.sql`update tripgrid.settings set min_trips = 1`;
  });

  it("publishes its JSON Schema", async () => {
    const { body } = await call<{ $defs: object }>(service, "/v1/query/schema");
    expect(Object.keys(body.$defs)).toEqual(expect.arrayContaining(["Query", "QueryCondition", "QueryMeasure"]));
  });
});

describe("a saved query", () => {
  const query = { by: ["region"], order: ["-trips"] };

  it("is put, replaced, listed, asked and forgotten by its name", async () => {
    const first = await callJson<Record<string, unknown>>(service, "PUT", "/v1/queries/by-region", { by: ["week"] });
    expect(first.status).toBe(201);
    const again = await callJson<Record<string, unknown>>(service, "PUT", "/v1/queries/by-region", query);
    expect([again.status, again.body.created_at]).toEqual([200, first.body.created_at]);
    const saved = {
      name: "by-region",
      query,
      links: {
        self: "/v1/queries/by-region",
        result: "/v1/queries/by-region/result",
        csv: "/v1/queries/by-region/result?format=csv",
      },
    };
    expect((await call(service, "/v1/queries/by-region")).body).toMatchObject(saved);
    expect((await call(service, "/v1/queries")).body).toMatchObject({ queries: [saved] });
    expect((await call(service, saved.links.result)).body).toMatchObject({ rows: [{ region: "Turin" }, {}] });
    const csv = await fetch(service.url + saved.links.csv);
    expect([csv.headers.get("content-type"), await csv.text()]).toEqual([
      "text/csv; charset=utf-8",
      "region,trips\nTurin,2\nMilan,1\n",
    ]);
    expect((await call(service, "/v1/queries/by-region", { method: "DELETE" })).status).toBe(204);
    for (const path of ["/v1/queries/by-region", "/v1/queries/by-region/result"]) {
      expect((await call(service, path)).status).toBe(404);
    }
    expect((await call(service, "/v1/queries/by-region", { method: "DELETE" })).status).toBe(404);
  });

  it.each([
    ["/v1/queries/a%20b", query, "invalid_parameter"],
    ["/v1/queries/x", { by: ["regoin"] }, "invalid_body"],
    ["/v1/queries/x", [], "invalid_body"],
    ["/v1/queries/x", { where: { within: { bbox: [1, 1, 0, 0] } } }, "invalid_area"],
  ])("%s with %j is refused", async (path, body, code) => {
    expect((await callJson(service, "PUT", path, body)).body.code).toBe(code);
  });
});
