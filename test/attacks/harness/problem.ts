import { expect } from "vitest";
import type { Answered } from "./ask.ts";

/** What a reply may never tell: where our files are, what the database was asked, and what runs here. */
const SECRETS =
  /node_modules|\.[cm]?[jt]s:\d+:\d+|\/src\/|\bselect\b .+ \bfrom\b|tripgrid_internal|PostgreSQL|postgres\.js|SQLSTATE/i;

/** A problem of the expected shape that gives nothing away. */
export function expectProblem(answer: Answered, ...statuses: number[]): Record<string, unknown> {
  expect(statuses, `${answer.status} ${answer.type}: ${answer.text.slice(0, 300)}`).toContain(answer.status);
  expect(answer.type).toBe("application/problem+json");
  const problem = JSON.parse(answer.text) as Record<string, unknown>;
  expect(problem).toMatchObject({ status: answer.status, type: `urn:tripgrid:problem:${problem.code}` });
  expect(answer.text).not.toMatch(SECRETS);
  if (answer.status === 503 || answer.status === 507 || answer.status === 429) {
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  }
  return problem;
}

export const givesNothingAway = ({ text }: Answered) => !SECRETS.test(text);
