import { expect } from "vitest";
import type { Sql } from "../../src/database/client.ts";
import { askAll, type Reply, type TestCase } from "./ask.ts";
import { averagesFaults, estimateFaults, mayDiffer } from "./bounds.ts";
import type { Expected, Inside, Oracle } from "./brute-force.ts";

/** What became of one case. */
export interface Verdict {
  /** None: the case says nothing, as its area is not valid, or PostGIS contradicts itself on it. */
  expected: Expected | undefined;
  inside: Inside;
  reply: Reply | undefined;
  /** Where answer and oracle differ. */
  problem: unknown;
}

/** Says what is wrong with the reply to a case; undefined: nothing is. */
export type FindProblem = (one: TestCase, expected: Expected, reply: Reply) => unknown;

/** Holds the answers of the functions against brute force, all cases side by side. */
export async function judge(
  sql: Sql,
  oracle: Oracle,
  cases: TestCase[],
  findProblem: FindProblem = problemOf,
): Promise<Verdict[]> {
  const insides = await oracle.tryAreas(cases.map(({ area }) => area));
  const verdicts = cases.map(({ question }, i): Verdict => {
    const inside = insides[i] as Inside;
    const expected = inside.isValid && inside.isDecided ? oracle.ask(inside, question) : undefined;
    return { expected, inside, reply: undefined, problem: undefined };
  });
  const fit = cases.flatMap((one, i) => {
    const verdict = verdicts[i] as Verdict;
    return verdict.expected ? [{ one, verdict, expected: verdict.expected }] : [];
  });
  const replies = await askEach(
    sql,
    fit.map(({ one }) => one),
  );
  for (const [i, { one, verdict, expected }] of fit.entries()) {
    const reply = replies[i];
    if (!reply || reply instanceof Error) {
      verdict.problem = reply;
      continue;
    }
    verdict.reply = reply;
    verdict.problem = findProblem(one, expected, reply);
  }
  return verdicts;
}

/** All in one statement, or where that fails one by one, so that the case that made it fail is known. */
async function askEach(sql: Sql, cases: TestCase[]): Promise<(Reply | Error)[]> {
  try {
    return await askAll(sql, cases);
  } catch {
    const replies: (Reply | Error)[] = [];
    for (const one of cases) replies.push(...(await askAll(sql, [one]).catch((error: Error) => [error])));
    return replies;
  }
}

function problemOf({ question, by }: TestCase, expected: Expected, reply: Reply): unknown {
  try {
    if (by === "counts") {
      expect(reply.counts).toEqual(expected.counts.map((week) => ({ ...week, lower: week.trips, upper: week.trips })));
      expect(estimateFaults(reply.estimates ?? [], expected.counts, () => !mayDiffer(question))).toEqual([]);
    } else {
      expect(reply.averages).toEqual({ ...expected.answer, method: "exact" });
      const estimate = reply.estimatedAverages ?? expect.fail("there is no estimate");
      expect(averagesFaults(estimate, expected, () => !mayDiffer(question))).toEqual([]);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}
