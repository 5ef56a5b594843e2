import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { countFrom, engine, useService } from "../harness/index.ts";

const service = useService();

/** How many answers are read, and how long at the most. */
const READS = countFrom("TRIPGRID_TEST_READS", 150, 5000);
const AT_MOST_MS = engine === "embedded" ? 20_000 : 60_000;

const area = polygon(corners(7.601, 45.001, 7.7003, 45.1007));
const at = (i: number): [number, number] => [7.61 + (i % 89) * 0.001, 45.01 + (i % 83) * 0.001];
/** Weeks of a whole year, most of them long past for those that come later. */
const startOf = (i: number) => new Date(Date.UTC(2018, 0, 1 + ((i * 37) % 364), i % 24)).toISOString().slice(0, 19);

async function ask(method: "exact" | "estimate"): Promise<WeeklyAnswer> {
  const { status, body } = await call<WeeklyAnswer>(service, "/v1/weekly-averages", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ area, source: "fresh", method }),
  });
  expect(status).toBe(200);
  return body;
}

describe("what is asked while trips come, go and are taken up", () => {
  it("is answered with every trip that was acknowledged before, and none twice", async () => {
    // Between these lies what an answer may say: what was acknowledged when it was asked, and what was sent when it came.
    let [sent, acknowledged, cancelling, cancelled] = [0, 0, 0, 0];
    let isOver = false;
    // A source that has no trip yet is not known.
    const first = trip({ source: "fresh", trip_id: "first", started_at: startOf(0), origin: at(0) });
    await sendNew(service, [first]);
    [sent, acknowledged] = [1, 1];
    const writer = async (first: number, step: number) => {
      for (let i = first; !isOver; i += step) {
        const many = 1 + (i % 9);
        sent += many;
        const trips = Array.from({ length: many }, (_, k) =>
          trip({ source: "fresh", trip_id: `${i}-${k}`, started_at: startOf(i + k), origin: at(i + k) }),
        );
        await sendNew(service, trips);
        acknowledged += many;
        if (i % 5 > 0) continue;
        cancelling++;
        expect((await call(service, `/v1/trips/fresh/${i}-0`, { method: "DELETE" })).status).toBe(204);
        cancelled++;
      }
    };
    const refresher = async () => {
      while (!isOver) {
        await refreshRollups(service.sql, service.prepared.engine);
        await sleep(5);
      }
    };
    const began = performance.now();
    let reads = 0;
    const reader = async (method: "exact" | "estimate") => {
      for (; reads < READS && performance.now() - began < AT_MOST_MS; reads++) {
        const least = acknowledged - cancelling;
        const wereCancelled = cancelled;
        const { trips, trips_bounds: [lower, upper] = [trips, trips] } = await ask(method);
        const most = sent - wereCancelled;
        expect(lower, "the lower bound").toBeLessThanOrEqual(most);
        expect(upper, "the upper bound").toBeGreaterThanOrEqual(least);
      }
    };
    const writing = [writer(0, 3), writer(1, 3), writer(2, 3), refresher()];
    try {
      await Promise.all([reader("exact"), reader("exact"), reader("estimate")]);
    } finally {
      isOver = true;
      await Promise.all(writing);
    }
    expect(reads).toBeGreaterThan(engine === "embedded" ? 5 : 20);
    expect((await ask("exact")).trips).toBe(acknowledged - cancelled);
    await refreshRollups(service.sql, service.prepared.engine);
    const [{ trips: held } = {}] = await service.sql<{ trips: number }[]>`
      select sum(trips) as trips from tripgrid_internal.weekly_origins_4 where source = 'fresh'`;
    expect(held).toBe(acknowledged - cancelled);
    expect((await ask("exact")).trips).toBe(acknowledged - cancelled);
  });
});
