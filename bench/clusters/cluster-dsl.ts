import type { Sql } from "../../src/database/client.ts";
import { createKysely } from "../../src/database/kysely.ts";
import { runQuery } from "../../src/queries/query.db.ts";
import type { QueryAnswer, Value } from "../../src/queries/query.ts";
import { queryFrom } from "../../src/queries/query-from.ts";
import { askAll } from "../areas/area-ask.ts";
import { digits } from "../lib/figures.ts";

const ROUNDS = 5;

/** An answer with all its rows. */
async function rowsOf(asked: Promise<QueryAnswer>): Promise<{ source: string; rows: Value[][] }> {
  const { source, pages } = await asked;
  const rows: Value[][] = [];
  for (let page = await pages.next(); page; page = await pages.next()) rows.push(...page);
  return { source, rows };
}

/** Region by week by hour in the query language, and as a plain GROUP BY over the trips. */
export async function askDsl(sql: Sql, print: (line: string) => void) {
  const db = createKysely(sql);
  const query = queryFrom({ by: ["region", "week", "hour"], limit: 100_000 });
  const [dsl] = await askAll([query], ROUNDS, (one) => rowsOf(runQuery(db, sql, async () => {}, one)));
  const [raw] = await askAll(
    ["raw"],
    0,
    () =>
      sql<{ region: string | null; week: string; hour: number; trips: number }[]>`
      select region, to_char(date_trunc('week', local_time), 'IYYY"-W"IW') as week, extract(hour from local_time)::int as hour,
             count(*) as trips
      from tripgrid.trips group by region, date_trunc('week', local_time), extract(hour from local_time)`,
  );
  if (!dsl || !raw) throw new Error("nothing was asked");
  const told = new Map(dsl.answer.rows.map(([region, week, hour, trips]) => [`${region} ${week} ${hour}`, trips]));
  const wrong = raw.answer.filter(({ region, week, hour, trips }) => told.get(`${region} ${week} ${hour}`) !== trips);
  print(
    `region by week by hour: ${told.size} groups from ${dsl.answer.source}, ${digits(dsl.ms, 3)} ms; by GROUP BY ${digits(raw.ms, 3)} ms\n`,
  );
  return {
    dsl_p50_ms: digits(dsl.ms, 3),
    raw_p50_ms: digits(raw.ms, 3),
    mismatches: wrong.length + Math.abs(told.size - raw.answer.length),
  };
}
