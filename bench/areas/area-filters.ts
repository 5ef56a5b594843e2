import type { Sql } from "../../src/database/client.ts";
import type { Match } from "../../src/geo/area.ts";
import { digits, quantile, table } from "../lib/figures.ts";
import { ask, askAll } from "./area-ask.ts";
import { isCity, type Question } from "./area-questions.ts";

/** What a question may ask besides its area and window. */
export interface Filters {
  match?: Match;
  source?: string;
  region?: string;
  hours?: number[];
  days?: number[];
}

const FILTERS: Record<string, (question: Question) => Filters> = {
  source: () => ({ source: "otter" }),
  region: ({ name }) => ({ region: name }),
  hours: () => ({ hours: [7, 8, 9] }),
  days: () => ({ days: [6, 7] }),
  destination: () => ({ match: "destination" }),
  both: () => ({ match: "both" }),
  either: () => ({ match: "either" }),
};

/**
 * Asks about each city-sized area over a quarter with one filter after the other, exactly.
 *
 * @returns how long half of them and 95 % of them took at the most, and a table with a line for each filter
 */
export async function askFiltered(sql: Sql, questions: readonly Question[], rounds: number) {
  const cities = questions.filter((question) => isCity(question) && question.window === "quarter");
  const all: number[] = [];
  const rows: (string | number)[][] = [];
  for (const [name, filters] of Object.entries(FILTERS)) {
    const timed = await askAll(cities, rounds, (question) => ask(sql, question, "exact", filters(question)));
    const times = timed.map(({ ms }) => ms).sort((a, b) => a - b);
    rows.push([name, cities.length, digits(quantile(times, 0.5), 3), digits(quantile(times, 0.95), 3)]);
    all.push(...times);
  }
  all.sort((a, b) => a - b);
  return {
    figures: { filter_p50_ms: digits(quantile(all, 0.5), 3), filter_p95_ms: digits(quantile(all, 0.95), 3) },
    report: table(["filter, city over a quarter", "areas", "exact p50", "p95"], rows, 1),
  };
}
