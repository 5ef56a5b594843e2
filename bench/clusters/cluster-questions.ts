import { clusters } from "../../src/clusters/clusters.db.ts";
import type { Cluster } from "../../src/clusters/clusters.ts";
import type { Sql } from "../../src/database/client.ts";
import { Random } from "../../src/demo/random.ts";
import { areaSql } from "../../src/geo/area.db.ts";
import { askAll } from "../areas/area-ask.ts";
import { DAYS, dateOf } from "../areas/area-days.ts";
import { makeQuestions, type Question } from "../areas/area-questions.ts";
import { digits, quantile, table } from "../lib/figures.ts";

const ROUNDS = 3;
const QUARTER = 91;

/** The city polygons of the areas bench, each over a quarter. */
function cityQuarters(): Question[] {
  const random = Random.seeded(1905);
  return makeQuestions()
    .filter(({ kind }) => kind === "city polygon")
    .map((question) => {
      const first = 7 * random.below((DAYS - QUARTER) / 7 + 1);
      return { ...question, window: "quarter", from: dateOf(first), to: dateOf(first + QUARTER - 1) };
    });
}

/**
 * Asks for the hundred biggest clusters of each city polygon over a quarter, as HTTP does, and of some for hot spots.
 *
 * @param compared how many of the answers are held against a plain GROUP BY over all trips
 */
export async function askClusters(sql: Sql, compared: number, print: (line: string) => void) {
  const questions = cityQuarters();
  const ask = (group: "cells" | "hotspots") => (question: Question) =>
    clusters(sql, {
      ...{ area: question.area, from: question.from, to: question.to },
      ...{ match: "origin", group, order: "trips", limit: 100 },
    });
  const asked = await askAll(questions, ROUNDS, ask("cells"));
  const times = asked.map(({ ms }) => ms).sort((a, b) => a - b);
  const hot = await askAll(questions.slice(0, 8), 0, ask("hotspots"));
  const rows = questions.map(({ name, vertices }, i) => {
    const { answer, ms } = asked[i] as (typeof asked)[number];
    return [name, vertices, answer.trips ?? 0, answer.clusters_found ?? "more", digits(ms, 3)];
  });
  print(`\n${table(["city", "vertices", "trips", "clusters", "ms"], rows, 1)}`);
  let mismatches = 0;
  for (const i of spread(questions.length, compared)) {
    mismatches += differences(
      (asked[i] as (typeof asked)[number]).answer.clusters,
      await plain(sql, questions[i] as Question),
    );
  }
  return {
    p50_ms: digits(quantile(times, 0.5), 3),
    p95_ms: digits(quantile(times, 0.95), 3),
    hot_spots_p50_ms: digits(
      quantile(
        hot.map(({ ms }) => ms).sort((a, b) => a - b),
        0.5,
      ),
      3,
    ),
    mismatches,
  };
}

/** So many numbers below `length`, evenly spread. */
const spread = (length: number, count: number) =>
  Array.from({ length: Math.min(count, length) }, (_, i) => Math.floor(((i + 0.5) * length) / Math.min(count, length)));

type Plain = Pick<Cluster, "id" | "trips" | "mean_distance_m" | "median_distance_m">;

/** The same by GROUP BY, each trip tested against the whole area. */
async function plain(sql: Sql, { area, from, to }: Question): Promise<Plain[]> {
  return sql<Plain[]>`
    select * from (
    select concat_ws('-', left(o_cell, 5), left(d_cell, 5), lpad(extract(hour from local_time)::text, 2, '0')) as id, count(*) as trips,
           avg(st_distancesphere(origin, destination)) as mean_distance_m,
           percentile_cont(0.5) within group (order by st_distancesphere(origin, destination)) as median_distance_m
    from tripgrid.trips, (select ${areaSql(sql, area)} as area offset 0) a
    where local_time >= ${from ?? ""}::timestamp and local_time < ${to ?? ""}::date + 1 and destination is not null
      and origin && area and st_intersects(area, origin)
    group by 1) c order by trips desc, id collate "C" limit 100`;
}

function differences(answer: readonly Cluster[], expected: readonly Plain[]): number {
  const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));
  const wrong = expected.filter((one, i) => {
    const told = answer[i];
    return !(
      told?.id === one.id &&
      told.trips === one.trips &&
      near(told.mean_distance_m, one.mean_distance_m) &&
      near(told.median_distance_m, one.median_distance_m)
    );
  });
  return wrong.length + Math.abs(answer.length - expected.length);
}
