/**
 * Retired weeks against brute force over the trips that they had: bounds enclose the exact figures, weeks that are not
 * retired are answered exactly beside them, and no refresh, rebuild or write changes what was counted.
 *
 * `TRIPGRID_TEST_CASES` and `TRIPGRID_TEST_SEED` as in weekly-averages.property.test.ts.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { archiveWeeks } from "../../src/rollups/archive-weeks.db.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { rebuildRollups } from "../../src/rollups/rollup-status.db.ts";
import { keepWeeksFor } from "../harness/api.ts";
import { countFrom, engine, NO_REFRESH, useService } from "../harness/index.ts";
import { areas } from "../oracle/areas.ts";
import type { TestCase } from "../oracle/ask.ts";
import { averagesFaults, estimateFaults, mayDiffer } from "../oracle/bounds.ts";
import { readOracle } from "../oracle/brute-force.ts";
import { type FindProblem, judge } from "../oracle/judge.ts";
import { questions } from "../oracle/questions.ts";
import { checkParents } from "../oracle/rollups.ts";
import { planRounds } from "../oracle/rounds.ts";
import { sendRound, sendTrips } from "../oracle/send.ts";

const cases = Math.ceil(countFrom("TRIPGRID_TEST_CASES", engine === "embedded" ? 32 : 80, 5000) / 8);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);
const BATCH = 40;

const plan = planRounds(seed);
const stored = new Map(plan.first.map((trip) => [trip.trip_id, trip]));
const anyCase: fc.Arbitrary<TestCase> = fc.record({
  area: areas(plan.spots, plan.antimeridian),
  question: questions,
  by: fc.constantFrom("counts", "averages"),
});

/** Of the twelve weeks with trips these are the fifth and the eleventh. */
const [FIRST, SECOND] = ["2020-01-06", "2021-01-04"] as const;

describe(`retired weeks (TRIPGRID_TEST_SEED=${seed})`, () => {
  const service = useService({}, NO_REFRESH);
  let session: Sql;
  beforeAll(async () => {
    session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    await sendTrips(service, plan.first);
    await refreshRollups(session, engine);
    if (plan.rounds[0]) await sendRound(service, plan.rounds[0], stored, undefined);
  });
  afterAll(() => session?.end({ timeout: 5 }));

  /** Trips as they are now, those that are gone included. */
  async function keepCopy(retiredBefore: string): Promise<void> {
    const { sql } = service;
    await sql`create table if not exists all_trips as select * from tripgrid.trips limit 0`;
    await sql`delete from all_trips where local_time >= ${retiredBefore}::timestamp`;
    await sql`insert into all_trips select * from tripgrid.trips where local_time >= ${retiredBefore}::timestamp`;
  }

  const retire = (before: string) => archiveWeeks(session, engine, keepWeeksFor(before), { dropAfter: "0 seconds" });
  const dropped = async (before: string) => {
    const [row] =
      await service.sql`select count(*) as left from tripgrid.trips where local_time < ${before}::timestamp`;
    return row?.left === 0;
  };

  const PHASES = [
    {
      when: "once weeks are retired and their trips dropped",
      retired: FIRST,
      before: async () => {
        await keepCopy("-infinity");
        expect(await retire(FIRST)).toMatchObject({ retired: true });
      },
    },
    {
      when: "beside late trips and corrections of other weeks",
      retired: FIRST,
      before: async () => {
        if (plan.rounds[1]) await sendRound(service, plan.rounds[1], stored, undefined);
        await keepCopy(FIRST);
      },
    },
    {
      when: "after a rebuild",
      retired: FIRST,
      before: async () => {
        await rebuildRollups(service.sql);
        await refreshRollups(session, engine);
      },
    },
    {
      when: "once more weeks are retired",
      retired: SECOND,
      before: async () => {
        expect(await retire(SECOND)).toMatchObject({ retired: true });
        // A chunk begins on a Thursday, so it may hold trips of later weeks too.
        if (engine !== "timescaledb") expect(await dropped(SECOND)).toBe(true);
      },
    },
  ];

  describe.each(PHASES)("$when", ({ retired, before }) => {
    beforeAll(async () => {
      await before();
      await service.sql`analyze`;
    });

    it("enclose brute force", { timeout: 600_000 + cases * 1000 }, async () => {
      const oracle = await readOracle(service.sql, "all_trips");
      expect(oracle.trips.length).toBe(stored.size);
      const all = fc.sample(anyCase, { seed: seed + retired.length, numRuns: cases });
      let bounded = 0;
      const find = problemAfter(retired, () => bounded++);
      for (let begin = 0; begin < all.length; begin += BATCH) {
        const verdicts = await judge(service.sql, oracle, all.slice(begin, begin + BATCH), find);
        for (const { problem } of verdicts) if (problem) throw problem;
      }
      expect(bounded).toBeGreaterThan(cases / 10);
    });

    it("have parents that equal their children", async () => {
      const checks = await checkParents(service.sql);
      expect(checks.filter(({ surplus, missing }) => surplus.length + missing.length > 0)).toEqual([]);
      expect(checks.filter(({ rows }) => rows === 0)).toEqual([]);
    });
  });

  /** Weeks from this one on, and questions without an area, are answered exactly by the functions that do so. */
  function problemAfter(retired: string, onBounded: () => void): FindProblem {
    return ({ area, question, by }, expected, reply) => {
      const isExact = (week: string) => week >= retired || area.polygons.length === 0;
      const isEstimateExact = (week: string) => isExact(week) && (!mayDiffer(question) || area.polygons.length === 0);
      const faults: string[] = [];
      if (by === "counts") {
        faults.push(...estimateFaults(reply.counts ?? [], expected.counts, isExact));
        faults.push(...estimateFaults(reply.estimates ?? [], expected.counts, isEstimateExact));
        if (reply.counts?.some(({ lower, upper }) => lower < upper)) onBounded();
      } else {
        const { bounded } = reply;
        if (bounded?.method_used === "estimate") {
          onBounded();
          faults.push(...averagesFaults(bounded, expected, isExact));
        } else expect(reply.averages).toEqual({ ...expected.answer, method: "exact" });
        const said = bounded as { retired_before?: string | null } | null;
        const isTouched = (expected.answer.window?.from ?? "9999") < retired;
        if (isTouched && said?.retired_before !== retired) faults.push(`retired_before is ${said?.retired_before}`);
        if (!reply.estimatedAverages) faults.push("there is no estimate");
        else faults.push(...averagesFaults(reply.estimatedAverages, expected, isEstimateExact, "any"));
      }
      return faults.length > 0 ? new Error(`${JSON.stringify({ area, question })}\n${faults.join("\n")}`) : undefined;
    };
  }
});
