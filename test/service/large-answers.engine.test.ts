import { request } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, callJson, listIds, type Problem, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const TRIPS = 2400;
/** Of each trip, a text of some kilobytes that no other has: altogether more than one statement brings. */
const textOf = (i: number) => `${String(i).padStart(5, "0")}${"x".repeat(4000)}`;

beforeAll(async () => {
  const all = Array.from({ length: TRIPS }, (_, i) =>
    trip({ source: "large", trip_id: `t${i}`, duration_s: i, attributes: { note: textOf(i) } }),
  );
  for (let i = 0; i < TRIPS; i += 800) await sendNew(service, all.slice(i, i + 800));
});

interface Answer {
  rows: { "attributes.note": string; trips: number }[];
  truncated: boolean;
}
const ask = async (more: object) => {
  const reply = await callJson<Answer>(service, "POST", "/v1/query", { by: ["attributes.note"], ...more });
  expect(reply.status, JSON.stringify(reply.body).slice(0, 500)).toBe(200);
  return reply.body;
};

describe("a large answer to a query", () => {
  // The first fits into one statement by its rows and not by its bytes, the second comes out of a cursor from the beginning.
  it.each([TRIPS, 100_000])("has every row, in order, with limit %d", async (limit) => {
    const { rows, truncated } = await ask({ limit });
    expect(rows.length).toBe(TRIPS);
    expect(rows.every((row, i) => row["attributes.note"] === textOf(i) && row.trips === 1)).toBe(true);
    expect(truncated).toBe(false);
  });

  it("says that there is more than the limit", async () => {
    const { rows, truncated } = await ask({ limit: TRIPS - 1 });
    expect([rows.length, truncated]).toEqual([TRIPS - 1, true]);
    const select = Array.from({ length: 20 }, (_, i) => ({ percentile: "duration_s", p: i / 20, as: `p${i}` }));
    expect(await ask({ select, limit: 100_000, by: [] })).toMatchObject({ truncated: false, rows: [{ p0: 0 }] });
    expect(await ask({ select, limit: 100_000, where: { source: "none" } })).toMatchObject({ rows: [] });
  });

  it("says so in headers of a CSV, and a query that fails is a problem", async () => {
    const body = JSON.stringify({ by: ["attributes.note"], limit: TRIPS - 1 });
    const reply = await fetch(`${service.url}/v1/query?format=csv`, { method: "POST", body });
    expect([reply.status, reply.headers.get("tripgrid-truncated")]).toEqual([200, "true"]);
    expect((await reply.text()).split("\n").length).toBe(TRIPS + 1);
    const boundary = { by: ["attributes.note"], limit: 100_000, where: { within: { boundary: "none" } } };
    expect((await callJson<Problem>(service, "POST", "/v1/query", boundary)).status).toBe(404);
  });

  it("whose reader goes away releases all that it held", async () => {
    const body = JSON.stringify({ by: ["attributes.note"], limit: 100_000 });
    for (let i = 0; i < 8; i++) {
      const { hostname, port } = new URL(service.url);
      const client = request({ hostname, port, path: "/v1/query", method: "POST" });
      client.on("error", () => {});
      client.end(body);
      await new Promise((resolve) => client.once("response", resolve));
      client.destroy();
    }
    // Every connection is there again.
    const all = await Promise.all(Array.from({ length: 8 }, () => ask({ limit: 1 })));
    expect(all.length).toBe(8);
    await expect.poll(() => service.deps.room.held().answers).toBe(0);
  });
});

it("a page of trips ends by bytes as well, and the pages hold every trip", async () => {
  const page = await call<{ trips: StoredTrip[]; next_cursor: string | null }>(
    service,
    "/v1/trips?source=large&limit=1000",
  );
  expect(page.body.trips.length).toBe(1000);
  const large = Array.from({ length: 150 }, (_, i) =>
    trip({ source: "larger", trip_id: `l${i}`, attributes: { note: "y".repeat(60_000) } }),
  );
  for (let i = 0; i < 150; i += 50) await sendNew(service, large.slice(i, i + 50));
  const first = await call<{ trips: StoredTrip[]; next_cursor: string | null }>(
    service,
    "/v1/trips?source=larger&limit=1000",
  );
  // The one that reaches 4 MB is the last.
  expect(first.body.trips.length).toBe(70);
  expect(first.body.next_cursor).not.toBeNull();
  expect((await listIds(service, "source=larger&limit=1000")).length).toBe(150);
});

/** A star of so many vertices. */
function star(vertices: number, lon: number): object {
  const ring = Array.from({ length: vertices - 1 }, (_, i) => {
    const angle = (2 * Math.PI * i) / (vertices - 1);
    const radius = i % 2 === 0 ? 0.1 : 0.05;
    return [lon + radius * Math.cos(angle), 45 + radius * Math.sin(angle)];
  });
  return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
}

describe("the vertices of all areas of a query", () => {
  const areas = (count: number, vertices: number) => ({
    where: { or: Array.from({ length: count }, (_, i) => ({ within: { area: star(vertices, 7 + i) } })) },
    explain: true,
  });

  it("may be as many together as those of one", async () => {
    expect((await callJson(service, "POST", "/v1/query", areas(10, 5000))).status).toBe(200);
    const { status, body } = await callJson<Problem>(service, "POST", "/v1/query", areas(10, 5001));
    expect([status, body.code]).toEqual([422, "invalid_area"]);
    expect(body.detail).toMatch(/the areas have 50010 vertices together.*at most 50000 are allowed: simplify/);
  });
});

it("an error about a hundred thousand unknown members is short, and comes soon", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 100_000 }, (_, i) => [`${i}${"k".repeat(i % 7 === 0 ? 120 : 0)}`, 1]),
  );
  for (const [method, path] of [
    ["POST", "/v1/clusters"],
    ["POST", "/v1/query"],
    ["POST", "/v1/weekly-averages"],
    ["PUT", "/v1/mappings/x"],
    ["PUT", "/v1/queries/x"],
  ] as const) {
    const { status, body } = await callJson<Problem>(service, method, path, many);
    expect([path, status, JSON.stringify(body).length < 4000]).toEqual([path, 400, true]);
  }
  const few = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${"k".repeat(95 + i)}`, 1]));
  const { body } = await callJson<Problem>(service, "POST", "/v1/clusters", { area: star(9, 7), ...few });
  expect(body.errors?.map(({ field }) => field.length)).toEqual([95, 96, 97, 98, 99, 100, 101, 101, 101, 101]);
  expect(body.detail).toMatch(/; and 1 more$/);
});
