/**
 * Weekly averages, counts and estimates against brute force, for any valid area and any filters, on every engine: before
 * the rollups know of the trips and once they do, and again as late trips and corrections come for weeks that were asked
 * about before. Exact answers equal it, the bounds of estimates enclose it, and the rollups are what they should be.
 *
 * `TRIPGRID_TEST_CASES` says how many questions are asked, 40 unless told and 32 of the embedded engine; 5000 is the full run.
 * `TRIPGRID_TEST_SEED` repeats a run: the title of a failed test names it.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { compressOldTrips } from "../../src/rollups/compress-trips.db.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { keepWeeksFor } from "../harness/api.ts";
import { countFrom, engine, NO_REFRESH, useService } from "../harness/index.ts";
import { areas } from "../oracle/areas.ts";
import type { TestCase } from "../oracle/ask.ts";
import { askByHttp, canGoByHttp, estimateOf, picked } from "../oracle/ask-http.ts";
import { averagesFaults, mayDiffer } from "../oracle/bounds.ts";
import { type Inside, type Oracle, readOracle } from "../oracle/brute-force.ts";
import { NEARLY_ON_A_CORNER } from "../oracle/found.ts";
import { judge } from "../oracle/judge.ts";
import { questions } from "../oracle/questions.ts";
import { checkParents, checkRollups, pendingWeeks } from "../oracle/rollups.ts";
import { planRounds } from "../oracle/rounds.ts";
import { sendRound, sendTrips } from "../oracle/send.ts";
import { newTally, tally } from "../oracle/tally.ts";
import type { SentTrip } from "../oracle/trips.ts";

const cases = countFrom("TRIPGRID_TEST_CASES", engine === "embedded" ? 32 : 40, 5000);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);

/** Cases in one statement. */
const BATCH = 40;
const plan = planRounds(seed);
const stored = new Map(plan.first.map((trip) => [trip.trip_id, trip]));
const anyCase: fc.Arbitrary<TestCase> = fc.record({
  area: areas(plan.spots, plan.antimeridian),
  question: questions,
  by: fc.constantFrom("counts", "averages"),
});

/** What happens before the questions: late trips and corrections, and whether the rollups are refreshed meanwhile or after. */
const PHASES = [
  { when: "as the trips came", round: undefined, refreshes: "never", share: 0.15 },
  { when: "once they are taken up", round: undefined, refreshes: "after", share: 0.25 },
  { when: "after late trips and corrections", round: plan.rounds[0], refreshes: "never", share: 0.2 },
  { when: "once these are taken up too", round: undefined, refreshes: "after", share: 0.1 },
  { when: "after more, while the rollups are refreshed", round: plan.rounds[1], refreshes: "meanwhile", share: 0.2 },
  { when: "in the end", round: undefined, refreshes: "after", share: 0.1 },
].map((phase, i) => ({ ...phase, seed: seed + i }));
const asked = newTally();
/** Between the two winters in which there are trips: those of the first go into the columnstore, where there is one. */
const COLUMNAR = "2020-06-01";

describe(`weekly averages (TRIPGRID_TEST_SEED=${seed})`, () => {
  const service = useService({}, NO_REFRESH);
  /** The refresher has a session of its own. */
  let session: Sql;
  beforeAll(async () => {
    session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    await sendTrips(service, plan.first);
  });
  afterAll(() => session?.end({ timeout: 5 }));

  describe.each(PHASES)("$when", ({ round, refreshes, share, seed }) => {
    const count = Math.ceil(cases * share);
    // A case takes 0.1 s, on the embedded engine 0.5, and several times that on a machine that is busy.
    const msForPhase = 60_000 + count * 3000;
    const isRefreshed = refreshes === "after";
    let oracle: Oracle;

    beforeAll(async () => {
      const refresh = () => refreshRollups(session, engine);
      if (round) await sendRound(service, round, stored, refreshes === "meanwhile" ? refresh : undefined);
      if (isRefreshed) await refresh();
      // What comes late from here on comes to trips in the columnstore too.
      if (isRefreshed) await compressOldTrips(session, engine, keepWeeksFor(COLUMNAR));
      // As autovacuum does within a minute of a load; there is none on the embedded engine.
      await service.sql`analyze`;
      oracle = await readOracle(service.sql);
    });

    it("knows the trips as they were sent", () => {
      expect(oracle.trips.length).toBe(stored.size);
      for (const { local_time, ...trip } of oracle.trips) {
        const sent: Partial<SentTrip> = stored.get(trip.trip_id) ?? {};
        const { started_at, region = null, destination = null, duration_s = null, driver_id, ...rest } = sent;
        expect({ ...trip, started_at: local_time }).toEqual({ ...rest, region, destination, duration_s, started_at });
      }
    });

    it("keeps rollups that equal the trips, or says for which weeks they do not", async () => {
      if (isRefreshed) expect(await pendingWeeks(service.sql)).toEqual([]);
      const checks = [...(await checkRollups(service.sql)), ...(await checkParents(service.sql))];
      expect(checks.filter(({ surplus, missing }) => surplus.length + missing.length > 0)).toEqual([]);
      if (isRefreshed) expect(checks.filter(({ rows }) => rows === 0)).toEqual([]);
    });

    it(
      "equals brute force",
      async () => {
        const all = fc.sample(anyCase, { seed, numRuns: count });
        for (let begin = 0; begin < all.length; begin += BATCH) {
          const batch = all.slice(begin, begin + BATCH);
          const verdicts = await judge(service.sql, oracle, batch);
          for (const [i, verdict] of verdicts.entries()) tally(asked, oracle.trips, batch[i] as TestCase, verdict);
          const bad = verdicts.findIndex(({ problem }) => problem !== undefined);
          if (bad >= 0) {
            await explain(begin + bad);
            throw verdicts[bad]?.problem;
          }
        }
      },
      msForPhase,
    );

    /** The same case by itself, made as small as it can be; fails unless it went wrong only in company. */
    async function explain(index: number): Promise<void> {
      const property = fc.asyncProperty(anyCase, async (one) => {
        const [verdict] = await judge(service.sql, oracle, [one]);
        fc.pre(verdict?.expected !== undefined);
        if (verdict?.problem) throw verdict.problem;
      });
      // What is still being shrunk after this time is reported as far as it got.
      await fc.assert(property, { seed, path: String(index), numRuns: 1, interruptAfterTimeLimit: 15_000 });
    }

    it("equals brute force by HTTP", { timeout: msForPhase }, async () => {
      const ways = fc.record({ asBoundary: fc.boolean(), method: fc.constantFrom("exact", "estimate") });
      const property = fc.asyncProperty(anyCase, ways, async ({ area, question }, way) => {
        fc.pre(canGoByHttp(area, question, way.asBoundary));
        const [inside] = await oracle.tryAreas([area]);
        fc.pre(inside?.isValid === true && inside.isDecided);
        const expected = oracle.ask(inside as Inside, question);
        const answer = await askByHttp(service, area, question, way);
        if (way.method === "exact") expect(picked(answer)).toEqual(expected.answer);
        else expect(averagesFaults(estimateOf(answer), expected, () => !mayDiffer(question))).toEqual([]);
      });
      await fc.assert(property, { seed, numRuns: Math.ceil(12 + count / 50) });
    });

    it("answers what once went wrong", async () => {
      const [verdict] = await judge(service.sql, oracle, [NEARLY_ON_A_CORNER]);
      expect(verdict?.problem).toBeUndefined();
    });
  });

  it("was asked about areas that hold trips and cut through some", () => {
    const said = JSON.stringify(asked);
    expect(asked.cases, said).toBeGreaterThanOrEqual(cases * 0.95);
    expect(asked.holdingAndCut / asked.cases, said).toBeGreaterThanOrEqual(0.7);
    // Filters leave something to count, mostly.
    expect(asked.withAnswer / asked.cases, said).toBeGreaterThanOrEqual(0.5);
    expect(asked.estimated, said).toBeGreaterThan(0);
    expect(Math.max(asked.invalid, asked.undecided), said).toBeLessThan(3 + cases * 0.01);
  });
});
