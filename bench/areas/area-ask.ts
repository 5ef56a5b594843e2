import type { Sql } from "../../src/database/client.ts";
import { areaSql } from "../../src/geo/area.db.ts";
import { median } from "../lib/figures.ts";
import type { Filters } from "./area-filters.ts";
import type { Question } from "./area-questions.ts";

/** Trips by week: its Monday. */
export type Weeks = Map<string, { trips: number; lower: number; upper: number }>;

/** What Tripgrid says; bounds of an exact figure are the figure. */
export interface Answer {
  trips: number;
  lower: number;
  upper: number;
  weeks: Weeks;
}

type Row = {
  trips: number;
  trips_lower: number | null;
  trips_upper: number | null;
  weeks: { start: string; trips: number; trips_bounds?: [number, number] }[];
};

/** One statement, as HTTP sends it: what it takes to read the area and to cover it is part of it. */
export async function ask(
  sql: Sql,
  { area, from, to }: Question,
  method: "exact" | "estimate",
  { match = "origin", source, region, hours, days }: Filters = {},
): Promise<Answer> {
  const [row] = await sql<Row[]>`
    select * from tripgrid.weekly_averages(area => ${areaSql(sql, area)}, from_date => ${from ?? null}, to_date => ${to ?? null},
      match => ${match}, source => ${source ?? null}, region => ${region ?? null}, hours => ${hours ?? null}, days => ${days ?? null},
      method => ${method})`;
  if (!row) throw new Error("tripgrid.weekly_averages gave no row");
  const { trips, trips_lower, trips_upper, weeks } = row;
  return {
    ...{ trips, lower: trips_lower ?? trips, upper: trips_upper ?? trips },
    weeks: new Map(
      weeks.map((week) => {
        const [lower, upper] = week.trips_bounds ?? [week.trips, week.trips];
        return [week.start, { trips: week.trips, lower, upper }];
      }),
    ),
  };
}

/** An answer and how long it took, in milliseconds: the middle one of some rounds. */
export interface Timed<T> {
  answer: T;
  ms: number;
}

/**
 * Asks all questions one after the other, once to warm up and then in rounds, so that a moment in which the machine is
 * busy does not fall on all rounds of one question.
 *
 * @param rounds undefined: each is asked once, and that is timed
 */
export async function askAll<Q, T>(
  questions: readonly Q[],
  rounds: number,
  ask: (q: Q) => Promise<T>,
): Promise<Timed<T>[]> {
  const askOnce = async (question: Q) => {
    const before = performance.now();
    const answer = await ask(question);
    return { answer, ms: performance.now() - before };
  };
  const first: Timed<T>[] = [];
  for (const question of questions) first.push(await askOnce(question));
  const times = questions.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, question] of questions.entries()) times[i]?.push((await askOnce(question)).ms);
  }
  return first.map(({ answer, ms }, i) => ({ answer, ms: rounds === 0 ? ms : median(times[i] ?? []) }));
}
