import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import type { Sql } from "../../src/db/client.ts";
import { runQuery } from "../../src/db/query.ts";
import type { DB } from "../../src/db/schema.ts";
import { queryFrom } from "../../src/query-from.ts";
import { askAll } from "./area-ask.ts";
import { digits } from "./figures.ts";

const ROUNDS = 5;

/** Region by week by hour in the query language, and as a plain GROUP BY over the trips. */
export async function askDsl(sql: Sql, print: (line: string) => void) {
  const db = new Kysely<DB>({ dialect: new PostgresJSDialect({ postgres: sql }) }).withSchema("tripgrid");
  const query = queryFrom({ by: ["region", "week", "hour"], limit: 100_000 });
  const [dsl] = await askAll([query], ROUNDS, (one) => runQuery(db, one));
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
