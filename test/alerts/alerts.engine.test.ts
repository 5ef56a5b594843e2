import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Alert, Rule } from "../../src/alerts/alert.ts";
import { renewRules } from "../../src/alerts/rules.db.ts";
import { createClient } from "../../src/database/client.ts";
import { createKysely } from "../../src/database/kysely.ts";
import { seen, sendDetections } from "../detections/send-detections.ts";
import { call, callJson, corners, type Problem, polygon, send, trip } from "../harness/api.ts";
import { engine, startTestService, type TestService } from "../harness/index.ts";
import { openEvents } from "./events-of.ts";

const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ callbackSecret: secret, callbackAllowPrivate: true });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  for (const table of ["alert_rules", "alerts", "alert_callbacks", "detections"]) {
    await service.sql`delete from ${service.sql(`tripgrid.${table}`)}`;
  }
});

const put = <T = Rule>(name: string, rule: object) => callJson<T>(service, "PUT", `/v1/alert-rules/${name}`, rule);
const SUVS = { on: "detections", where: { category: { in: ["SUV", "Pickup"] } } };

const alerts = async (query = "") =>
  (await call<{ alerts: Alert[]; next_cursor: number | null }>(service, `/v1/alerts?${query}`)).body;
/** Alerts are listed once they have a number. */
const until = (count: number, query = "") =>
  expect.poll(async () => (await alerts(query)).alerts.length, { timeout: 60_000 }).toBe(count);
const stored = async () => (await service.sql<{ n: number }[]>`select count(*) as n from tripgrid.alerts`)[0]?.n;

describe("an alert rule", () => {
  it("is made, read, listed, replaced and removed", async () => {
    const made = await put("suvs", SUVS);
    expect([made.status, made.body]).toMatchObject([201, { name: "suvs", ...SUVS }]);
    expect((await put("suvs", { ...SUVS, callback: "http://127.0.0.1:9/x" })).body.callback).toBe(
      "http://127.0.0.1:9/x",
    );
    const one = await call(service, "/v1/alert-rules/suvs");
    expect((await call(service, "/v1/alert-rules")).body).toEqual({ "alert-rules": [one.body] });
    expect((await call(service, "/v1/alert-rules/suvs", { method: "DELETE" })).status).toBe(204);
    expect((await call(service, "/v1/alert-rules/suvs")).status).toBe(404);
    await sendDetections(service, seen());
    expect(await stored()).toBe(0);
  });

  it.each<[string, object, string, string]>([
    ["a field that detections have not", { on: "detections", where: { source: "a" } }, "where.source", "source"],
    ["a field that trips have not", { on: "trips", where: { make: "a" } }, "where.make", "make"],
    ["a misspelt field", { on: "detections", where: { catgory: "SUV" } }, "where.catgory", "category"],
    ["a test that is none", { on: "detections", where: { year: { over: 3 } } }, "where.year", "over"],
    ["no condition", { on: "detections", where: {} }, "where", "at least one"],
    ["a subject that is none", { on: "cars", where: { make: "a" } }, "on", "detections"],
    [
      "a fault deep inside",
      { on: "trips", where: { or: [{ hour: 7 }, { not: { hour: 77 } }] } },
      "where.or[1].not.hour",
      "23",
    ],
    ["a callback that is no URL", { ...SUVS, callback: "here" }, "callback", "URL"],
    ["a member too much", { ...SUVS, name: "x" }, "name", ""],
  ])("is refused for %s, with the field", async (_, rule, field, said) => {
    const { status, body } = await put<Problem>("bad", rule);
    expect(status).toBe(400);
    const fault = body.errors?.find((one) => one.field.startsWith(field));
    expect([fault?.field, fault?.detail]).toEqual([expect.stringContaining(field), expect.stringContaining(said)]);
    expect((await call(service, "/v1/alert-rules/bad")).status).toBe(404);
  });

  it("is refused for an area that is not valid", async () => {
    const bowTie = polygon([
      [0, 0],
      [2, 2],
      [2, 0],
      [0, 2],
    ]);
    const { status, body } = await put<Problem>("area", { on: "trips", where: { within: { area: bowTie } } });
    expect([status, body.code]).toEqual([422, "invalid_area"]);
  });

  it("checks a polygon once, and not with each row", async () => {
    const area = polygon(corners(7, 44, 8, 46));
    await put("area", { on: "detections", where: { within: { area } } });
    const predicate = async () =>
      (await service.sql<{ predicate: string }[]>`select predicate from tripgrid.alert_rules`)[0]?.predicate;
    expect(await predicate()).toMatch(/st_intersects\('01[0-9a-f]+'::geometry/);
    expect(await predicate()).not.toContain("geojson");
    const made = await predicate();
    await service.sql`update tripgrid.alert_rules set predicate = 'false'`;
    await renewRules(service.sql, createKysely(service.sql), () => {});
    expect(await predicate()).toBe(made);
    await sendDetections(service, [seen({ location: [7.5, 45] }), seen({ location: [8.5, 45] }), seen()]);
    expect(await stored()).toBe(1);
  });

  it.skipIf(engine === "embedded")("stays as another process replaced it while its SQL is made again", async () => {
    await put("race", SUVS);
    const { searchPath } = service.prepared;
    const sql = createClient(service.address, { max: 3, searchPath });
    await sql`update tripgrid.alert_rules set predicate = 'false'`;
    let renewing: Promise<void> | undefined;
    await sql.begin(async (tx) => {
      await tx`update tripgrid.alert_rules set predicate = 'true', updated_at = now()`;
      renewing = renewRules(sql, createKysely(sql), () => {});
      const waiting = () => sql`
        select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%update tripgrid.alert_rules set predicate = $1%'`;
      await expect.poll(async () => (await waiting()).length, { timeout: 60_000 }).toBe(1);
    });
    await renewing;
    const rows = await sql`select predicate from tripgrid.alert_rules`;
    await sql.end({ timeout: 5 });
    expect(rows).toMatchObject([{ predicate: "true" }]);
  });

  it("about a region that is not there yet holds nothing until it is, and stops no ingest", async () => {
    await put("turin", { on: "detections", where: { within: { boundary: "Alertland" } } });
    const at = seen({ location: [7.5, 45.5] });
    expect((await sendDetections(service, at)).status).toBe(200);
    expect(await stored()).toBe(0);
    await callJson(service, "PUT", "/v1/regions/Alertland", { boundary: polygon(corners(7, 45, 8, 46)) });
    await sendDetections(service, at);
    expect(await stored()).toBe(1);
    await call(service, "/v1/regions/Alertland", { method: "DELETE" });
    expect((await sendDetections(service, at)).status).toBe(200);
    expect(await stored()).toBe(1);
  });
});

describe("an alert", () => {
  it("tells of the detection as it is listed, and of the rule", async () => {
    await put("suvs", SUVS);
    await put("old", { on: "detections", where: { year: { "<": 2000 } } });
    const suv = seen({ seen_at: "2025-03-05T07:12:09.5Z", camera: "gate", location: [7.5, 45], lane: { n: null } });
    await sendDetections(service, [suv, seen({ Category: "Car", Year: 1999 }), seen({ Category: "Car" })]);
    await until(2);
    const { alerts: all } = await alerts();
    const about = all.find(({ rule }) => rule === "suvs");
    const { body } = await call<{ detections: object[] }>(service, "/v1/detections?category=SUV");
    expect(about?.detection).toEqual(body.detections[0]);
    expect(all.map(({ rule }) => rule).sort()).toEqual(["old", "suvs"]);
    expect((await alerts("rule=old")).alerts).toMatchObject([{ detection: { Year: 1999 } }]);
  });

  it.each<[object, string]>([
    [{ category: "SUV" }, "a"],
    [{ category: { "!=": "SUV" } }, "b c"],
    [{ not: { camera: "gate" } }, "b c"],
    [{ camera: null }, "c"],
    [{ year: { between: [1999, 2005] }, make: "Fiat" }, "b"],
    [{ or: [{ hour: { in: [7] } }, { model: "c" }] }, "a c"],
    [{ weekday: 3, from: "2025-03-01", to: "2025-03-09" }, "a"],
    [{ within: { bbox: [7, 44, 8, 46] } }, "a"],
    [{ "attributes.plate": "it's \\ a 'quote' $1" }, "b"],
    [{ "attributes.speed": { ">": 50.5 } }, "c"],
    [{ "attributes.is_odd": true }, "c"],
  ])("is raised for %j by %s", async (where, models) => {
    await put("one", { on: "detections", where });
    await sendDetections(service, [
      seen({ Model: "a", camera: "gate", seen_at: "2025-03-05T07:12:09Z", location: [7.5, 45] }),
      seen({
        Model: "b",
        Make: "Fiat",
        Category: "Car",
        Year: 2001,
        camera: "x",
        plate: "it's \\ a 'quote' $1",
        seen_at: "2025-04-10T08:00:00Z",
      }),
      seen({ Model: "c", Category: "Bus", speed: 51, is_odd: true, seen_at: "2025-04-11T09:00:00Z" }),
    ]);
    const rows = await service.sql<
      { model: string }[]
    >`select about ->> 'Model' as model from tripgrid.alerts order by 1`;
    expect(rows.map(({ model }) => model).join(" ")).toBe(models);
  });

  it.each<[string, object]>([
    ["region and hour", { region: "Turin", hour: { between: [2, 9] } }],
    ["area by both ends", { within: { bbox: [7.65, 44, 7.8, 46], match: "both" } }],
    ["area by either end", { within: { bbox: [7.7, 44, 8, 46], match: "either" } }],
    ["cells and numbers", { origin_cell: "u0", or: [{ duration_s: { ">": 100 } }, { distance_m: null }] }],
    ["attributes and days", { "attributes.fare": { ">=": 3 }, day: { in: ["2018-05-21", "2018-05-22"] } }],
  ])("on trips by %s is raised for those that the same query counts", async (_, where) => {
    const source = `alerts ${JSON.stringify(where)}`.slice(0, 150);
    await put("trips", { on: "trips", where: { and: [where, { source }] } });
    const rows = Array.from({ length: 60 }, (_unused, i) =>
      trip({
        ...{
          trip_id: String(i),
          source,
          region: i % 3 ? "Turin" : undefined,
          started_at: `2018-05-2${i % 4}T0${i % 10}:30:00`,
        },
        ...{
          origin: [7.6 + i / 500, 45],
          destination: i % 5 ? [7.75, 45] : undefined,
          distance_m: i % 2 ? 5 : undefined,
        },
        ...{ duration_s: i * 5, fare: i % 7 },
      }),
    );
    await send(service, rows);
    const query = { select: ["trips"], where: { and: [where, { source }] } };
    const { body } = await callJson<{ rows: { trips: number }[] }>(service, "POST", "/v1/query", query);
    expect(body.rows[0]?.trips).toBeGreaterThan(0);
    expect(await stored()).toBe(body.rows[0]?.trips);
  });

  it("on trips is raised whichever way they come, once for each trip", async () => {
    await put("trips", { on: "trips", where: { "attributes.alarm": true } });
    const ringing = (id: string, more = {}) => trip({ source: "paths", trip_id: id, alarm: true, ...more });
    const ids = async () => {
      const rows = await service.sql<
        { id: string }[]
      >`select about ->> 'trip_id' as id from tripgrid.alerts order by 1`;
      return rows.map(({ id }) => id);
    };
    await send(service, [ringing("http"), trip({ source: "paths", trip_id: "quiet" })]);
    await send(service, [ringing("http"), ringing("again")]);
    expect(await ids()).toEqual(["again", "http"]);
    await send(service, [ringing("queued")], { headers: { prefer: "respond-async" } });
    await expect.poll(ids, { timeout: 60_000 }).toContain("queued");
    // Large batches are copied, and not inserted row by row.
    const many = Array.from({ length: 3000 }, (_, i) => trip({ source: "paths", trip_id: `m${i}`, alarm: i === 7 }));
    await send(service, many);
    expect(await ids()).toContain("m7");
    const rejected = await send(service, [trip({ source: "paths" }), ringing("mended", { origin: "nowhere" })]);
    await call(service, `/v1/batches/${rejected.body.batch_id}/rejects`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: JSON.stringify({ tripgrid_row: 2, row: 2, ...ringing("mended") }),
    });
    expect(await ids()).toContain("mended");
    const inbox = join(service.database.dataFolder, "inbox");
    mkdirSync(inbox, { recursive: true });
    writeFileSync(join(inbox, "alarms.ndjson"), `${JSON.stringify(ringing("file"))}\n`);
    await callJson(service, "POST", "/v1/imports", { path: "alarms.ndjson" });
    await expect.poll(ids, { timeout: 60_000 }).toContain("file");
    expect((await ids()).length).toBe(6);
    const [one] = await service.sql<
      { about: object }[]
    >`select about from tripgrid.alerts where about ->> 'trip_id' = 'http'`;
    expect(one?.about).toMatchObject({
      source: "paths",
      origin: [expect.any(Number), expect.any(Number)],
      attributes: { alarm: true },
    });
  });

  it("is listed by pages, newest first, and by time", async () => {
    await put("suvs", SUVS);
    for (const Model of ["a", "b", "c"]) await sendDetections(service, seen({ Model }));
    await until(3);
    const first = await alerts("limit=2");
    expect(first.alerts.map(({ detection }) => detection?.Model)).toEqual(["c", "b"]);
    const second = await alerts(`limit=2&cursor=${first.next_cursor}`);
    expect([second.alerts.map(({ detection }) => detection?.Model), second.next_cursor]).toEqual([["a"], null]);
    expect((await alerts(`from=${first.alerts[0]?.at}`)).alerts.map(({ detection }) => detection?.Model)).toEqual([
      "c",
    ]);
    expect((await alerts("to=2000-01-01T00:00:00Z")).alerts).toEqual([]);
    expect((await call(service, "/v1/alerts?from=yesterday")).status).toBe(400);
  });

  it("is sent to the callback of its rule, signed", async () => {
    const received: Alert[] = [];
    const receiver = createServer(async (request, response) => {
      received.push(
        new Webhook(secret).verify(await text(request), request.headers as Record<string, string>) as Alert,
      );
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const port = (receiver.address() as AddressInfo).port;
    await put("suvs", { ...SUVS, callback: `http://127.0.0.1:${port}/` });
    await sendDetections(service, seen());
    await expect.poll(() => received.length, { timeout: 60_000 }).toBe(1);
    expect(received).toEqual((await alerts()).alerts);
    receiver.closeAllConnections();
    receiver.close();
  });
});

describe("the stream of alerts", () => {
  it("has each alert as it happens, and continues after Last-Event-ID", async () => {
    await put("suvs", SUVS);
    const live = await openEvents(service);
    await sendDetections(service, seen({ Model: "a" }));
    await sendDetections(service, [seen({ Model: "b" }), seen({ Model: "c", Category: "Car" })]);
    await expect.poll(() => live.models(), { timeout: 60_000 }).toEqual(["a", "b"]);
    live.close();
    await sendDetections(service, seen({ Model: "d" }));
    const [first] = live.events;
    const resumed = await openEvents(service, first?.id);
    await expect.poll(() => resumed.models(), { timeout: 60_000 }).toEqual(["b", "d"]);
    expect(resumed.events.map(({ data }) => data)).toEqual((await alerts()).alerts.toReversed().slice(1));
    resumed.close();
  });

  it("begins with an id to return with", async () => {
    await put("suvs", SUVS);
    const quiet = await openEvents(service);
    await expect.poll(() => quiet.lastId, { timeout: 60_000 }).toMatch(/^\d+$/);
    quiet.close();
    await sendDetections(service, seen({ Model: "x" }));
    const resumed = await openEvents(service, quiet.lastId);
    await expect.poll(() => resumed.models(), { timeout: 60_000 }).toEqual(["x"]);
    resumed.close();
  });

  it.each(["x", "-1"])("refuses %s as an id", async (id) => {
    const headers = { accept: "text/event-stream", "last-event-id": id };
    expect((await call(service, "/v1/alerts", { headers })).status).toBe(400);
  });
});
