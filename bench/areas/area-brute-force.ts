import { areaSql } from "../../src/geo/area.db.ts";
import type { AreaDatabase } from "./area-database.ts";
import { inWindow, type PeerCounts } from "./area-peers.ts";
import type { Question } from "./area-questions.ts";

/**
 * PostGIS by itself, which every answer must equal: each trip tried with ST_Intersects.
 *
 * Its best index is a GiST over the origins, which is there only while it is asked, for Tripgrid's own plans must not use
 * it, nor its room be counted. Beyond 10 million trips it takes long to build and 8 GB at 100 million, so there one asks for
 * it, or the planner does with the indexes that are there: for a short window the one over the times.
 *
 * The area stands in the statement as a literal that the index can use, made before the clock runs, so nothing is held
 * against brute force but its work.
 */
export async function withBruteForce<T>(
  { sql, engine }: AreaDatabase,
  gist: boolean,
  asked: readonly { question: Question }[],
  use: (ask: (question: Question) => Promise<PeerCounts>, buildSeconds: number | null) => Promise<T>,
): Promise<T> {
  const literals = new Map<Question, string>();
  for (const { question } of asked) {
    const [row] = await sql<{ area: string }[]>`select ${areaSql(sql, question.area)}::text as area`;
    literals.set(question, row?.area ?? "");
  }
  const count = async (question: Question) => {
    const rows = await sql.unsafe<{ week: string; trips: number }[]>(`
      select date_trunc('week', local_time)::date as week, count(*) as trips from tripgrid.trips
      where st_intersects('${literals.get(question)}'::geometry, origin) and ${inWindow(question)}
      group by 1`);
    return new Map(rows.map(({ week, trips }) => [week, trips]));
  };
  if (!gist) return use(count, null);
  const started = performance.now();
  // A server takes the memory that a build profits from; the embedded engine has little.
  if (engine !== "embedded") await sql`set maintenance_work_mem = '1GB'`;
  await sql`create index if not exists bench_trips_origin on tripgrid.trips using gist (origin)`;
  await sql`analyze tripgrid.trips`;
  try {
    return await use(count, (performance.now() - started) / 1000);
  } finally {
    await sql`drop index tripgrid.bench_trips_origin`;
  }
}
