import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../../src/app.ts";
import { ReceiptReply } from "../../src/batches/receipt.ts";
import { Problem } from "../../src/kit/replies.http.ts";
import { SCOPES } from "../../src/kit/scope.ts";
import { Window } from "../../src/time/week.ts";
import { StoredTrip } from "../../src/trips/trip.ts";
import { call, callJson, corners, polygon, send, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

interface Described {
  content?: Record<string, { schema: Record<string, unknown> }>;
}
interface Document {
  openapi: string;
  paths: Record<
    string,
    Record<string, { summary?: string; security?: Record<string, string[]>[]; responses: Record<string, Described> }>
  >;
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}
let document: Document;

beforeAll(async () => {
  document = (await call<Document>(service, "/openapi.json")).body;
  await sendNew(service, [trip({ trip_id: "a", region: "Turin" }), trip({ trip_id: "b", destination: [7.7, 45] })]);
  await callJson(service, "PUT", "/v1/regions/Box", { boundary: polygon(corners(7, 45, 8, 46)) });
});

describe("/openapi.json", () => {
  it("is OpenAPI 3.1 and every reference in it leads somewhere", () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1] ?? "");
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      expect(Object.keys(document.components.schemas)).toContain(reference.replace("#/components/schemas/", ""));
    }
  });

  it("describes every route that there is, and no other", () => {
    const routes = createApp(service.deps).routes.filter(
      // Middleware stands at every path; the explorer and the documents describe themselves.
      ({ method, path }) => method !== "ALL" && !/^\/($|assets|docs|openapi\.json)/.test(path),
    );
    const there = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual([...new Set(there)].toSorted());
    expect(described.length).toBeGreaterThanOrEqual(14);
  });

  it("says of every route which scope it needs, and that a credential may be missing", () => {
    const open: string[] = [];
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security, responses }] of Object.entries(methods)) {
        if (security?.length === 0) open.push(`${method} ${path}`);
        const scopes = security?.flatMap((way) => Object.values(way).flat());
        const [scope] = scopes ?? [];
        expect(security).toEqual(
          scope === undefined
            ? []
            : Object.keys(document.components.securitySchemes).map((way) => ({ [way]: [scope] })),
        );
        if (scope === undefined) continue;
        expect(SCOPES).toContain(scope);
        expect(responses[401]).toBeDefined();
      }
    }
    expect(open).toEqual([
      ...["post /v1/tokens", "post /v1/tokens/revoke", "post /v1/passwords"],
      ...["get /livez", "get /readyz"],
    ]);
  });

  it("says of every route what it does and which problems it has", () => {
    for (const methods of Object.values(document.paths)) {
      for (const { summary, responses } of Object.values(methods)) {
        expect(summary).toMatch(/\w/);
        for (const [status, { content }] of Object.entries(responses)) {
          if (Number(status) >= 400) expect(Object.keys(content ?? {})).toEqual(["application/problem+json"]);
        }
      }
    }
  });
});

/** The schema that the document gives for a reply. */
function schemaOf(method: string, path: string, status: number, contentType: string): z.ZodType {
  const described = document.paths[path]?.[method.toLowerCase()]?.responses[status];
  const schema = described?.content?.[contentType]?.schema;
  if (!schema) throw new Error(`${method} ${path} does not describe a ${status} with ${contentType}`);
  // What stands under components in OpenAPI stands under $defs in JSON Schema.
  const whole = { ...schema, $defs: document.components.schemas };
  return z.fromJSONSchema(JSON.parse(JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/")));
}

const SUVS = { on: "detections", where: { category: "SUV" } };
const VEHICLE = { Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV", location: [7.5, 45] };

describe("a reply is as described:", () => {
  const area = polygon(corners(7, 45, 8, 46));
  const bowTie = polygon([
    [0, 0],
    [2, 2],
    [2, 0],
    [0, 2],
  ]);
  const cases: [method: string, path: string, real: string, status: number, body?: unknown][] = [
    [
      "POST",
      "/v1/trips",
      "/v1/trips?verdicts=all",
      200,
      [trip({ trip_id: "c" }), trip({ origin: null }), trip({ trip_id: "c" })],
    ],
    ["POST", "/v1/trips", "/v1/trips", 422, [trip({ origin: null })]],
    ["POST", "/v1/trips", "/v1/trips", 400, 5],
    ["GET", "/v1/batches/{id}", "/v1/batches/nobody", 404],
    ["POST", "/v1/detections", "/v1/detections?verdicts=all", 200, [VEHICLE, { ...VEHICLE, Year: 1700 }]],
    ["POST", "/v1/detections", "/v1/detections", 422, { ...VEHICLE, Make: 5 }],
    ["POST", "/v1/detections", "/v1/detections", 400, 5],
    ["GET", "/v1/detections", "/v1/detections?limit=1", 200],
    ["GET", "/v1/detections", "/v1/detections?skip=-1", 400],
    ["GET", "/v1/detections/stats", "/v1/detections/stats?by=camera", 200],
    ["GET", "/v1/detections/stats", "/v1/detections/stats?by=colour", 400],
    ["PUT", "/v1/alert-rules/{name}", "/v1/alert-rules/suvs", 201, SUVS],
    ["PUT", "/v1/alert-rules/{name}", "/v1/alert-rules/suvs", 200, SUVS],
    ["PUT", "/v1/alert-rules/{name}", "/v1/alert-rules/bad", 400, { ...SUVS, where: { colour: "red" } }],
    ["GET", "/v1/alert-rules", "/v1/alert-rules", 200],
    ["GET", "/v1/alert-rules/{name}", "/v1/alert-rules/suvs", 200],
    ["GET", "/v1/alert-rules/{name}", "/v1/alert-rules/nobody", 404],
    ["POST", "/v1/detections", "/v1/detections", 200, VEHICLE],
    ["GET", "/v1/alerts", "/v1/alerts", 200],
    ["GET", "/v1/alerts", "/v1/alerts?from=yesterday", 400],
    ["DELETE", "/v1/alert-rules/{name}", "/v1/alert-rules/nobody", 404],
    ["GET", "/v1/trips", "/v1/trips?limit=1", 200],
    ["GET", "/v1/trips", "/v1/trips?limit=0", 400],
    ["GET", "/v1/trips", "/v1/trips?boundary=Nobody", 404],
    ["GET", "/v1/trips/{source}/{trip_id}", "/v1/trips/test/a", 200],
    ["GET", "/v1/trips/{source}/{trip_id}", "/v1/trips/test/b", 200],
    ["GET", "/v1/trips/{source}/{trip_id}", "/v1/trips/test/nobody", 404],
    ["GET", "/v1/trips/count", "/v1/trips/count?by=region,hour", 200],
    ["GET", "/v1/trips/count", "/v1/trips/count", 400],
    ["GET", "/v1/weekly-averages", "/v1/weekly-averages?bbox=7,45,8,46", 200],
    ["GET", "/v1/weekly-averages", "/v1/weekly-averages?source=nobody", 404],
    ["GET", "/v1/weekly-averages", "/v1/weekly-averages?circle=7.5,45.5,1000", 200],
    ["POST", "/v1/weekly-averages/by-area", "/v1/weekly-averages/by-area?boundaries=*", 200],
    ["POST", "/v1/weekly-averages/by-area", "/v1/weekly-averages/by-area", 200, { boundaries: ["Box"] }],
    ["POST", "/v1/weekly-averages/by-area", "/v1/weekly-averages/by-area", 400, {}],
    ["POST", "/v1/weekly-averages/by-area", "/v1/weekly-averages/by-area", 404, { boundaries: "Nobody" }],
    ["GET", "/v1/weekly-averages", "/v1/weekly-averages?bbox=0,1,1,0", 422],
    ["POST", "/v1/weekly-averages", "/v1/weekly-averages", 200, { area }],
    ["POST", "/v1/weekly-averages", "/v1/weekly-averages", 422, { area: bowTie }],
    ["POST", "/v1/weekly-averages", "/v1/weekly-averages", 400, {}],
    ["GET", "/v1/weekly-averages/by-region", "/v1/weekly-averages/by-region", 200],
    ["GET", "/v1/weekly-averages/by-region", "/v1/weekly-averages/by-region?source=nobody", 404],
    ["POST", "/v1/query", "/v1/query", 200, { by: ["region", "week"] }],
    ["POST", "/v1/query", "/v1/query", 200, { by: ["region"], explain: true }],
    ["POST", "/v1/query", "/v1/query", 400, { by: ["regoin"] }],
    ["POST", "/v1/query", "/v1/query", 422, { where: { within: { bbox: [1, 1, 0, 0] } } }],
    ["POST", "/v1/query", "/v1/query", 404, { where: { within: { boundary: "Nobody" } } }],
    ["GET", "/v1/query/schema", "/v1/query/schema", 200],
    ["PUT", "/v1/queries/{name}", "/v1/queries/weekly", 201, { by: ["week"] }],
    ["PUT", "/v1/queries/{name}", "/v1/queries/weekly", 200, { by: ["week"] }],
    ["GET", "/v1/queries/{name}", "/v1/queries/weekly", 200],
    ["GET", "/v1/queries/{name}", "/v1/queries/nobody", 404],
    ["GET", "/v1/queries/{name}/result", "/v1/queries/weekly/result", 200],
    ["GET", "/v1/queries", "/v1/queries", 200],
    ["DELETE", "/v1/queries/{name}", "/v1/queries/nobody", 404],
    ["PUT", "/v1/regions/{name}", "/v1/regions/Box", 200, { boundary: area }],
    ["PUT", "/v1/regions/{name}", "/v1/regions/New", 201, { boundary: area }],
    ["PUT", "/v1/regions/{name}", "/v1/regions/Turin", 409, { time_zone: "Asia/Kolkata" }],
    ["PUT", "/v1/regions/{name}", "/v1/regions/Box", 422, { boundary: bowTie }],
    ["GET", "/v1/regions/{name}", "/v1/regions/Box", 200],
    ["GET", "/v1/regions/{name}", "/v1/regions/Nobody", 404],
    ["GET", "/v1/regions", "/v1/regions", 200],
    ["DELETE", "/v1/regions/{name}", "/v1/regions/Nobody", 404],
    ["POST", "/xride_data", "/xride_data", 200, { from_date: "1/1/2013 2:00:00", from_lat: 12.9, from_long: 77.6 }],
    ["POST", "/xride_data", "/xride_data", 200, { booking_id: "1" }],
    ["POST", "/xride_data", "/xride_data", 400, []],
    ["GET", "/vehicles", "/vehicles?datasource=test", 200],
    ["GET", "/vehicles", "/vehicles?limit=0", 400],
    ["GET", "/vehicles", "/vehicles?region=Nobody", 404],
    ["GET", "/vehicles/{id}", "/vehicles/1", 404],
    ["GET", "/vehicles/region/count", "/vehicles/region/count", 200],
    ["GET", "/detections", "/detections?limit=1", 200],
    ["GET", "/detections", "/detections?skip=x", 400],
    ["GET", "/stats", "/stats", 200],
    ["GET", "/stats", "/stats?by=make", 400],
    ["GET", "/vehicles/datasource/count", "/vehicles/datasource/count", 200],
    ["GET", "/vehicles/weekly_trips/region", "/vehicles/weekly_trips/region", 200],
    ["GET", "/vehicles/weekly_avg_trips/region", "/vehicles/weekly_avg_trips/region", 200],
    ["GET", "/vehicles/ingest-data/status", "/vehicles/ingest-data/status", 200],
    ["POST", "/users", "/users", 400, { username: "ana", password: "short" }],
    ["GET", "/livez", "/livez", 200],
    ["GET", "/readyz", "/readyz", 200],
  ];

  it.each(cases)("%s %s (%s) %d", async (method, path, real, status, body) => {
    const reply = await (body === undefined
      ? call<Record<string, unknown>>(service, real, { method })
      : callJson<Record<string, unknown>>(service, method, real, body));
    expect(reply.status).toBe(status);
    const type = reply.headers.get("content-type") ?? "";
    expect(type).toBe(status < 400 ? "application/json" : "application/problem+json");
    const schema = schemaOf(method, path, status, type);
    expect(schema.safeParse(reply.body).error).toBeUndefined();
    expect(schema.safeParse({}).success).toBe(false);
    if (status >= 400) expect(Problem.safeParse(reply.body).error).toBeUndefined();
  });

  it("nothing more than the schemas know", async () => {
    const { body: receipt } = await send(service, [trip({ trip_id: "d" })]);
    expect(ReceiptReply.strict().parse(receipt)).toEqual(receipt);
    const stored = (await call(service, "/v1/trips/test/a")).body;
    expect(StoredTrip.strict().parse(stored)).toEqual(stored);
    const { window } = (await call(service, "/v1/weekly-averages")).body;
    expect(Window.parse(window)).toEqual(window);
  });
});

describe("/docs", () => {
  it("is a page whose parts all come from here", async () => {
    const page = await fetch(`${service.url}/docs`);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    const html = await page.text();
    expect(html).not.toMatch(/https?:|\/\//);
    const parts = [...html.matchAll(/(?:href|src|url: )[="]+([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(parts).toEqual(["docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "openapi.json"]);
    for (const part of parts) {
      const reply = await fetch(new URL(part, `${service.url}/docs`));
      expect(reply.status).toBe(200);
      expect((await reply.text()).length).toBeGreaterThan(1000);
    }
    const css = await (await fetch(`${service.url}/docs/swagger-ui.css`)).text();
    expect(css).not.toMatch(/url\(["']?https?:|@import/);
  });
});

it("what there is not is a problem, too", async () => {
  const { status, headers, body } = await call(service, "/nothing/here");
  expect([status, headers.get("content-type"), body.code]).toEqual([404, "application/problem+json", "not_found"]);
});
