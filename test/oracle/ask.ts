import type { Sql } from "../../src/database/client.ts";
import { geoJson, type TestArea } from "./areas.ts";
import { members, type TestQuestion } from "./questions.ts";
import type { Answer, WeekCount } from "./weeks.ts";

/** One question about one area. */
export interface TestCase {
  area: TestArea;
  question: TestQuestion;
  /** Which of the functions is asked for the exact answer. */
  by: "counts" | "averages";
}

/** A week of an estimate. */
export interface WeekEstimate extends WeekCount {
  lower: number;
  upper: number;
}

/** What the functions say: an exact answer and an estimate, both of the same kind. */
export interface Reply {
  counts: WeekEstimate[] | null;
  averages: Partial<Answer> | null;
  /** The same with the bounds that it has where weeks are retired. */
  bounded: EstimatedAverages | null;
  estimates: WeekEstimate[] | null;
  estimatedAverages: EstimatedAverages | null;
}

/** Asks all of the cases in one statement, as an analyst asks one. */
export async function askAll(sql: Sql, cases: TestCase[]): Promise<Reply[]> {
  const asked = cases.map(({ area, question: q, by }, i) => ({
    ...q,
    i,
    by,
    area: area.polygons.length > 0 ? geoJson(area) : null,
    hours: q.hours ? members(q.hours, 24) : null,
    days: q.days ? members(q.days, 7).map((day) => day + 1) : null,
  }));
  const parameters = sql`area => st_geomfromgeojson(c.area), match => c.match, source => c.source, region => c.region,
    from_date => c.from, to_date => c.to, hours => c.hours, days => c.days`;
  type Row = Omit<Reply, "averages" | "counts"> & {
    i: number;
    counts: WeekEstimate[] | null;
    averages: RawAverages | null;
  };
  const rows = await sql<Row[]>`
    select c.i,
      case when c.by = 'counts' then
        (select coalesce(jsonb_agg(to_jsonb(w) order by w.week), '[]') from tripgrid.weekly_counts(${parameters}) w)
      end as counts,
      case when c.by = 'counts' then
        (select coalesce(jsonb_agg(to_jsonb(w) order by w.week), '[]') from tripgrid.weekly_estimates(${parameters}) w)
      end as estimates,
      case when c.by = 'averages' then
        (select to_jsonb(w) from tripgrid.weekly_averages(${parameters}) w)
      end as averages,
      case when c.by = 'averages' then
        (select to_jsonb(w) from tripgrid.weekly_averages(${parameters}, method => 'estimate') w)
      end as "estimatedAverages"
    from json_to_recordset(${JSON.stringify(asked)}::text::json)
      c (i int, by text, area text, match text, source text, region text, "from" date, "to" date, hours int[], days int[])
    order by c.i`;
  return rows.map(({ i: _, averages, ...rest }) => ({
    ...rest,
    averages: averages && answered(averages),
    bounded: averages as EstimatedAverages | null,
  }));
}

type RawAverages = Omit<Answer, "window" | "method"> & {
  window_from: string | null;
  window_to: string | null;
  method_used: string;
};

type Bounds = { [F in Figure as `${F}_lower` | `${F}_upper`]: number | null };

export const FIGURES = ["trips", "average", "weeks_with_trips", "average_over_weeks_with_trips"] as const;
export type Figure = (typeof FIGURES)[number];
export type EstimatedAverages = Omit<RawAverages, "weeks"> &
  Bounds & { weeks: (Answer["weeks"][number] & { trips_bounds: [number, number] })[] };

/** As HTTP's answer; the bounds, which only an estimate has, are left out. */
function answered(row: RawAverages): Answer {
  const { window_from: from, window_to: to, trips, weeks_in_window, average, weeks_with_trips, weeks } = row;
  const window = from && to ? { from, to } : null;
  const { average_over_weeks_with_trips, method_used: method } = row;
  return {
    window,
    trips,
    weeks_in_window,
    average,
    weeks_with_trips,
    average_over_weeks_with_trips,
    method,
    weeks: weeks.map(({ week, start, trips }) => ({ week, start, trips })),
  };
}
