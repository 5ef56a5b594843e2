/**
 * Whatever is posted as a query: an answer or a problem that says what is wrong, never a fault of ours, no text of the
 * database's, and no group of fewer trips than may be shown.
 *
 * `TRIPGRID_TEST_CASES` says how many bodies are sent, 300 unless told; 10000 is the full run. `TRIPGRID_TEST_SEED` repeats a run.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { countFrom, useService } from "../harness/index.ts";
import { hostile } from "./support/hostile.ts";
import { tripsOf } from "./support/trips.ts";

const cases = countFrom("TRIPGRID_TEST_CASES", 300, 10_000);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);
const AT_ONCE = 8;
const MIN_TRIPS = 5;

const SQL_TEXT =
  /syntax error|relation "|column "|operator does not exist|invalid input|out of range for type|ERROR:|SQLSTATE|division by/i;

const statuses: Record<number, number> = {};

describe(`hostile queries (TRIPGRID_TEST_SEED=${seed})`, () => {
  const service = useService({ minTrips: MIN_TRIPS });
  beforeAll(async () => {
    await callJson(service, "PUT", "/v1/regions/Box", { boundary: polygon(corners(7.6, 45, 7.7, 45.1)) });
    await sendNew(service, tripsOf(seed, 200, "t"));
    const huge = ["h0", "h1", "h2", "h3"].map((trip_id) =>
      trip({ trip_id, source: "huge", duration_s: 1e308, distance_m: 5e-324 }),
    );
    await sendNew(service, huge);
    // What no request can say, but SQL can.
    await service.sql`
      update tripgrid.trips set attributes = '{"huge": 1e5000, "fare": 1e-5000}' where trip_id in ('h0', 'h1')`;
    await service.sql`update tripgrid.trips set attributes = '{"huge": -1.7e308, "fare": 1e99}' where trip_id = 'h2'`;
  });

  /** A kept connection can be closed just as it is used again: any client asks anew then. */
  async function post(format: string, body: string): Promise<Response> {
    const ask = () => fetch(`${service.url}/v1/query${format}`, { method: "POST", body });
    return ask().catch((error: { cause?: { code?: string } }) => {
      if (error.cause?.code === "ECONNRESET") return ask();
      throw error;
    });
  }

  async function check(body: string, format: string): Promise<void> {
    const reply = await post(format, body);
    const text = await reply.text();
    statuses[reply.status] = (statuses[reply.status] ?? 0) + 1;
    const said = `${reply.status} ${text.slice(0, 500)}`;
    expect(reply.status, said).toBeLessThan(500);
    if (reply.status !== 200) {
      const problem = JSON.parse(text);
      // The caller's own words may come back to him, and nothing else.
      const own = problem.detail.replace(/"(?:[^"\\]|\\.)*"?/g, "");
      expect(own).not.toMatch(SQL_TEXT);
      expect([problem.status, reply.status]).toEqual([ERRORS[problem.code as "internal"].status, problem.status]);
      return;
    }
    if (format !== "" || !text.startsWith('{"columns"')) return;
    const { columns, rows } = JSON.parse(text);
    if (columns.includes("trips")) {
      for (const { trips } of rows) expect(trips === 0 || trips >= MIN_TRIPS, said).toBe(true);
    }
  }

  it("get an answer or a problem", { timeout: 600_000 + cases * 100 }, async () => {
    const bodies = fc.sample(fc.tuple(hostile, fc.constantFrom("", "", "?format=csv", "?format=ndjson")), {
      seed,
      numRuns: cases,
    });
    for (let i = 0; i < bodies.length; i += AT_ONCE) {
      await Promise.all(
        bodies.slice(i, i + AT_ONCE).map(async ([body, format]) => {
          try {
            await check(body, format);
          } catch (error) {
            throw new Error(`after ${body.slice(0, 1000)}`, { cause: error });
          }
        }),
      );
    }
    const all = JSON.stringify(statuses);
    expect((statuses[200] ?? 0) / cases, all).toBeGreaterThan(0.1);
    expect((statuses[400] ?? 0) / cases, all).toBeGreaterThan(0.2);
  });

  it("leave the trips as they were", async () => {
    const [left] = await service.sql`select count(*) as trips from tripgrid.trips`;
    expect(left?.trips).toBe(204);
  });
});
