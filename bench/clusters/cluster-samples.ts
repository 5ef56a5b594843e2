import type { Sql } from "../../src/database/client.ts";
import { askAll } from "../areas/area-ask.ts";
import { digits, quantile, table } from "../lib/figures.ts";

/** What BI tools ask before they show anything: some rows of each view, and the values of each of its columns. */
export async function sampleViews(sql: Sql, print: (line: string) => void) {
  const columns = await sql<{ view: string; name: string }[]>`
    select c.relname as view, quote_ident(a.attname) as name
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'bi'::regnamespace and c.relkind = 'v' and c.relname <> 'trips' and a.atttypid <> 'geometry'::regtype
    order by c.relname, a.attnum`;
  const views = [...new Set(columns.map(({ view }) => view))];
  const samples = [
    ...views.map((view) => ({ view, name: "*", text: `select * from bi.${view} limit 10000` })),
    ...columns.map(({ view, name }) => ({
      view,
      name,
      text: `select ${name}, count(*) from bi.${view} group by ${name} limit 1000`,
    })),
  ];
  const asked = await askAll(samples, 1, ({ text }) => sql.unsafe(text));
  const times = asked.map(({ ms }) => ms).sort((a, b) => a - b);
  const rows = views.map((view) => {
    const own = samples.flatMap((sample, i) => (sample.view === view ? [{ ...sample, ms: asked[i]?.ms ?? 0 }] : []));
    const slowest = own.reduce((a, b) => (b.ms > a.ms ? b : a));
    return [view, slowest.name, own.length, digits(own[0]?.ms ?? 0, 3), digits(slowest.ms, 3)];
  });
  print(`\n${table(["view", "slowest", "samples", "* ms", "slowest ms"], rows, 2)}`);
  return { p95_ms: digits(quantile(times, 0.95), 3), max_ms: digits(times.at(-1) ?? 0, 3) };
}
