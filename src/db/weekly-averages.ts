import type { WeeklyAnswer, WeeklyQuestion } from "../weekly-averages.ts";
import { areaSql } from "./area-sql.ts";
import { type Sql, translateErrors } from "./client.ts";

type Row = Omit<WeeklyAnswer, "window"> & { window_from: string | null; window_to: string | null };

/** Asks `tripgrid.weekly_averages`, which an analyst can call just so. */
export async function weeklyAverages(sql: Sql, q: WeeklyQuestion): Promise<WeeklyAnswer> {
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      select * from tripgrid.weekly_averages(
        area => ${areaSql(sql, q.area)}, match => ${q.match}, source => ${q.source ?? null}, region => ${q.region ?? null},
        from_date => ${q.from ?? null}, to_date => ${q.to ?? null}, hours => ${q.hours ?? null}, days => ${q.days ?? null})`;
    const [row] = rows;
    if (!row) throw new Error("tripgrid.weekly_averages gave no row");
    const { window_from: from, window_to: to, ...answer } = row;
    return { window: from && to ? { from, to } : null, ...answer };
  });
}
