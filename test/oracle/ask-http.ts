import type { TestService } from "../harness/index.ts";
import { geoJson, type TestArea } from "./areas.ts";
import { type EstimatedAverages, FIGURES } from "./ask.ts";
import { daysText, hoursText, type TestQuestion } from "./questions.ts";
import type { Answer } from "./weeks.ts";

type Service = Pick<TestService, "url">;

/** A box by GET, as well as what has no area, any other area by POST; or either as the boundary of a region. */
export interface Way {
  /** The region is defined first. */
  asBoundary: boolean;
  method: "exact" | "estimate";
}

type HttpAnswer = Answer & Record<`${(typeof FIGURES)[number]}_bounds`, [number | null, number | null] | undefined>;

export async function askByHttp({ url }: Service, area: TestArea, q: TestQuestion, way: Way): Promise<HttpAnswer> {
  const filters = {
    ...q,
    method: way.method,
    ...(q.hours ? { hours: hoursText(q.hours) } : {}),
    ...(q.days ? { days: daysText(q.days) } : {}),
  } as Record<string, string>;
  if (way.asBoundary) {
    await answered(`${url}/v1/regions/asked`, { method: "PUT", body: geoJson(area) });
    return answered(`${url}/v1/weekly-averages?${new URLSearchParams({ ...filters, boundary: "asked" })}`);
  }
  if (area.bbox || area.polygons.length === 0) {
    const query = new URLSearchParams({ ...filters, ...(area.bbox ? { bbox: area.bbox.join(",") } : {}) });
    return answered(`${url}/v1/weekly-averages?${query}`);
  }
  const body = JSON.stringify({ ...filters, area: JSON.parse(geoJson(area)) });
  return answered(`${url}/v1/weekly-averages`, { method: "POST", body });
}

/** An estimate as the function gives it. */
export function estimateOf(answer: HttpAnswer): EstimatedAverages {
  const bounds = FIGURES.flatMap((figure) => {
    const [lower = null, upper = null] = answer[`${figure}_bounds`] ?? [];
    return [
      [`${figure}_lower`, lower],
      [`${figure}_upper`, upper],
    ];
  });
  const { window, method } = answer;
  const ends = { window_from: window?.from ?? null, window_to: window?.to ?? null };
  return { ...answer, ...Object.fromEntries(bounds), ...ends, method_used: method };
}

/** HTTP takes a ring of at most 180 degrees, since a longer one may be meant to cross the antimeridian; SQL is planar. */
export function canGoByHttp(area: TestArea, { region }: TestQuestion, asBoundary: boolean): boolean {
  if (area.polygons.length === 0) return region !== undefined && !asBoundary;
  if (area.bbox && !asBoundary) return true;
  return area.polygons.flat().every((ring) => {
    const lons = ring.map(([lon]) => lon);
    return Math.max(...lons) - Math.min(...lons) <= 180;
  });
}

async function answered(url: string, init: RequestInit = {}): Promise<HttpAnswer> {
  const response = await fetch(url, { ...init, headers: { "content-type": "application/json" } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? "GET"} ${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** An answer has more members than the ones compared. */
export function picked(answer: HttpAnswer): Answer {
  const { window, trips, weeks_in_window, average, weeks_with_trips, average_over_weeks_with_trips, method, weeks } =
    answer;
  return { window, trips, weeks_in_window, average, weeks_with_trips, average_over_weeks_with_trips, method, weeks };
}
