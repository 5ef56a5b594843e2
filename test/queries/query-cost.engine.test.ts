import { beforeAll, describe, expect, it } from "vitest";
import { call, callJson, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const ROWS = 3000;
// Of eight months, so that there are several partitions and chunks.
const service = useService({ maxQueryRows: ROWS - 1 });

/** Percentiles are in no rollup, so all trips are read. */
const query = { select: ["trips", { percentile: "distance_m", p: 0.5 }], by: ["driver"] };

beforeAll(async () => {
  const day = (i: number) => new Date(Date.UTC(2018, 0, 1 + (i % 240))).toISOString().slice(0, 10);
  const trips = Array.from({ length: ROWS }, (_, i) =>
    trip({ trip_id: `t${i}`, started_at: `${day(i)}T08:00:00`, driver_id: `d${i % 7}`, distance_m: i }),
  );
  await sendNew(service, trips);
  await service.sql`analyze tripgrid.trips`;
});

describe("what a query would read", () => {
  it("is told by explain, and is about what there is", async () => {
    const { status, body } = await callJson<{ rows_to_read: number }>(service, "POST", "/v1/query", {
      ...query,
      explain: true,
    });
    expect(status).toBe(200);
    expect(body.rows_to_read).toBeGreaterThanOrEqual(ROWS);
    expect(body.rows_to_read).toBeLessThan(ROWS * 3);
  });

  it("is refused over the limit, with what to narrow", async () => {
    const { status, body } = await callJson(service, "POST", "/v1/query", query);
    expect([status, body.code]).toEqual([422, "query_too_large"]);
    expect(body.detail).toMatch(/would read about \d+ rows; at most 2999 are allowed. Narrow it by from and to/);
    expect(body).toMatchObject({ max_rows: ROWS - 1, rows_to_read: expect.any(Number) });
  });

  it("is less in a narrower window, and answered", async () => {
    const narrow = { ...query, where: { from: "2018-01-01", to: "2018-02-15" } };
    const { status, body } = await callJson<{ rows: unknown[] }>(service, "POST", "/v1/query", narrow);
    expect([status, body.rows.length]).toEqual([200, 7]);
  });

  it("is at most all trips in a small area, however many cells are looked up", async () => {
    const where = { within: { bbox: [7.6, 45, 7.7, 45.1] }, distance_m: { ">": 10 } };
    const { body } = await callJson<{ rows_to_read: number }>(service, "POST", "/v1/query", { where, explain: true });
    expect(body.rows_to_read).toBeGreaterThan(0);
    expect(body.rows_to_read).toBeLessThan(ROWS * 3);
  });

  it("holds for counts by any attribute, too", async () => {
    const { status, body } = await call(service, "/v1/trips/count?by=driver");
    expect([status, body.code]).toEqual([422, "query_too_large"]);
    const narrow = await call(service, "/v1/trips/count?by=driver&from=2018-01-01&to=2018-02-15");
    expect(narrow.status).toBe(200);
  });
});
