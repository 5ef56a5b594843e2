import type { TestService } from "../../harness/index.ts";
import type { TestArea } from "./areas.ts";
import { geoJson } from "./brute-force.ts";
import { daysText, hoursText, members, type TestQuestion } from "./questions.ts";
import type { Answer, WeekCount } from "./weeks.ts";

/** The ways to ask, as an analyst and as a client of the API does. */
type Service = Pick<TestService, "sql" | "url">;

export async function askForAverages({ sql }: Service, area: TestArea, q: TestQuestion): Promise<Partial<Answer>> {
  const [row] = await sql<(Omit<Answer, "window"> & { window_from: string | null; window_to: string | null })[]>`
    select window_from, window_to, trips, weeks_in_window, average, weeks_with_trips, average_over_weeks_with_trips, method, weeks
    from tripgrid.weekly_averages(${parameters(sql, area, q)})`;
  if (!row) return {};
  const { window_from: from, window_to: to, ...rest } = row;
  return { window: from && to ? { from, to } : null, ...rest };
}

export function askForCounts({ sql }: Service, area: TestArea, q: TestQuestion) {
  return sql<WeekCount[]>`
    select week, trips from tripgrid.weekly_counts(${parameters(sql, area, q)}) order by week`;
}

function parameters(sql: TestService["sql"], area: TestArea, q: TestQuestion) {
  return sql`
    area => st_geomfromgeojson(${geoJson(area)}), match => ${q.match},
    source => ${q.source ?? null}, region => ${q.region ?? null}, from_date => ${q.from ?? null}, to_date => ${q.to ?? null},
    hours => ${q.hours ? members(q.hours, 24) : null}, days => ${q.days ? members(q.days, 7).map((day) => day + 1) : null}`;
}

/** A box by GET, any other area by POST; or either as the boundary of a region, which is defined first. */
export async function askByHttp(
  { url }: Service,
  area: TestArea,
  q: TestQuestion,
  asBoundary: boolean,
): Promise<Partial<Answer>> {
  const filters = {
    ...q,
    ...(q.hours ? { hours: hoursText(q.hours) } : {}),
    ...(q.days ? { days: daysText(q.days) } : {}),
  } as Record<string, string>;
  if (asBoundary) {
    await answered(`${url}/v1/regions/asked`, { method: "PUT", body: geoJson(area) });
    const query = new URLSearchParams({ ...filters, boundary: "asked" });
    return picked(await answered(`${url}/v1/weekly-averages?${query}`));
  }
  if (area.bbox) {
    const query = new URLSearchParams({ ...filters, bbox: area.bbox.join(",") });
    return picked(await answered(`${url}/v1/weekly-averages?${query}`));
  }
  const body = JSON.stringify({ ...filters, area: JSON.parse(geoJson(area)) });
  return picked(await answered(`${url}/v1/weekly-averages`, { method: "POST", body }));
}

/** HTTP takes a ring of at most 180 degrees, since a longer one may be meant to cross the antimeridian; SQL is planar. */
export function canGoByHttp(area: TestArea, asBoundary: boolean): boolean {
  if (area.bbox && !asBoundary) return true;
  return area.polygons.flat().every((ring) => {
    const lons = ring.map(([lon]) => lon);
    return Math.max(...lons) - Math.min(...lons) <= 180;
  });
}

async function answered(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, headers: { "content-type": "application/json" } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? "GET"} ${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** An answer may have more members than the ones compared. */
function picked(answer: Answer): Answer {
  const { window, trips, weeks_in_window, average, weeks_with_trips, average_over_weeks_with_trips, method, weeks } =
    answer;
  return { window, trips, weeks_in_window, average, weeks_with_trips, average_over_weeks_with_trips, method, weeks };
}
