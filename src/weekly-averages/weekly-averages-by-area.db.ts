import type { Feature } from "geojson";
import type postgres from "postgres";
import { type Sql, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import type { AreaFeature } from "../geo/area-features.ts";
import { exchanged, exchangedHint } from "../geo/exchanged.ts";
import { nearest } from "../kit/nearest.ts";
import { amongKnown } from "./known-names.db.ts";
import type { Method } from "./weekly-averages.ts";
import type { ByAreaAnswer, ByAreaQuestion, WeeklyAveragesByArea } from "./weekly-averages-by-area.ts";

type AreaFigures = Omit<ByAreaAnswer["areas"][number], "id" | "name">;

interface Row {
  name: string | null;
  boundary: Feature["geometry"] | null;
  window_from: string | null;
  window_to: string | null;
  weeks_in_window: number;
  trips: number | null;
  average: number | null;
  weeks_with_trips: number | null;
  average_over_weeks_with_trips: number | null;
  method_used: Method;
  data_as_of: string;
  trips_lower: number | null;
  trips_upper: number | null;
  average_lower: number | null;
  average_upper: number | null;
  retired_before: string | null;
  min_trips: number;
}

/** Calls `tripgrid.weekly_averages_by_area`: all areas in one statement, and so in one snapshot. */
export const weeklyAveragesByArea =
  (sql: Sql): WeeklyAveragesByArea =>
  async (q, withFeatures) => {
    const isEmpty = ({ answer }: { answer: ByAreaAnswer }) => answer.areas.every(({ trips }) => trips === 0);
    const found = await amongKnown(sql, q, isEmpty, () => answerTo(sql, q, withFeatures));
    const hints = isEmpty(found) ? await hintsFor(sql, q) : [];
    return hints.length === 0 ? found : { ...found, answer: { ...found.answer, hints } };
  };

async function answerTo(sql: Sql, q: ByAreaQuestion, withFeatures: boolean) {
  const rows = await translateErrors(() => ask(sql, q, withFeatures));
  const [first] = rows;
  if (!first) throw new AppError("not_found", "boundaries: no region has a boundary.");
  if (!Array.isArray(q.areas)) checkFound(q.areas.boundaries, rows);
  const { window_from: from, window_to: to } = first;
  const named = Array.isArray(q.areas) ? q.areas : undefined;
  const answer: ByAreaAnswer = {
    window: from && to ? { from, to } : null,
    weeks_in_window: first.weeks_in_window,
    method: first.method_used,
    data_as_of: first.data_as_of,
    ...(first.retired_before === null ? {} : { retired_before: first.retired_before }),
    ...(first.min_trips > 1
      ? { withheld: { min_trips: first.min_trips, areas: rows.filter(({ trips }) => trips === null).length } }
      : {}),
    areas: rows.map((row, i) => ({
      id: named?.[i]?.id ?? null,
      name: named?.[i]?.name ?? row.name,
      ...figuresOf(row),
    })),
  };
  const features = withFeatures ? rows.map((row, i) => named?.[i]?.feature ?? featureOf(row)) : [];
  return { answer, features };
}

/** A boundary that is not there is an error, since its line would be missing from the answer. */
function checkFound(asked: string[] | "*", rows: readonly Row[]): void {
  if (asked === "*") return;
  const names = rows.flatMap(({ name }) => name ?? []);
  const missing = asked.find((name) => !names.includes(name));
  if (missing === undefined) return;
  const near = nearest(missing, names);
  const detail = `There is no boundary for the region "${missing}"${near === undefined ? "." : `; the nearest is "${near}".`}`;
  throw new AppError("not_found", `boundaries: ${detail}`, { errors: [{ field: "boundaries", detail }] });
}

function ask(sql: Sql, q: ByAreaQuestion, withFeatures: boolean): Promise<Row[]> {
  const asked = Array.isArray(q.areas) ? areasSql(sql, q.areas) : boundariesSql(sql, q.areas.boundaries);
  return sql<Row[]>`
    with asked as materialized (${asked})
    select a.*, s.min_trips, q.names[a.area_number] as name,
           case when ${withFeatures} and q.names is not null then st_asgeojson(q.areas[a.area_number], 15)::json end as boundary
    from tripgrid.settings s, (select * from asked where areas is not null) q, tripgrid.weekly_averages_by_area(
      areas => q.areas, match => ${q.match}, source => ${q.source ?? null}, region => ${q.region ?? null},
      from_date => ${q.from ?? null}, to_date => ${q.to ?? null}, hours => ${q.hours ?? null}, days => ${q.days ?? null}) a
    order by a.area_number` as unknown as Promise<Row[]>;
}

const boundariesSql = (sql: Sql, names: string[] | "*"): postgres.Fragment => sql`
  select array_agg(r.boundary order by r.name) as areas, array_agg(r.name order by r.name) as names
  from tripgrid.regions r
  where r.boundary is not null and (${names === "*"} or r.name = any (${names === "*" ? [] : names}::text[]))`;

/** A feature may have several polygons, which are one area. */
function areasSql(sql: Sql, areas: readonly AreaFeature[]): postgres.Fragment {
  const polygons = areas.flatMap(({ area }, i) => area.polygons.map((polygon) => ({ n: i + 1, polygon })));
  const makeValid = areas.some(({ area }) => area.makeValid);
  return sql`
    select array_agg(case when ${makeValid} then st_collectionextract(st_makevalid(st_force2d(g.shape)), 3) else g.shape end order by g.n) as areas,
           null::text[] as names
    from (
      select p.n, case when count(*) = 1 then (array_agg(p.shape))[1]
                       else st_collectionextract(st_collect(array_agg(p.shape)), 3) end as shape
      from (select u.n, tripgrid_internal.geometry_from_geojson(u.text) as shape
            from unnest(${polygons.map(({ n }) => n)}::int[], ${polygons.map(({ polygon }) => JSON.stringify(polygon))}::text[]) u (n, text)) p
      group by p.n) g`;
}

const figuresOf = (row: Row): AreaFigures => ({
  trips: row.trips,
  average: row.average,
  weeks_with_trips: row.weeks_with_trips,
  average_over_weeks_with_trips: row.average_over_weeks_with_trips,
  ...(row.trips_lower === null || row.trips_upper === null ? {} : { trips_bounds: [row.trips_lower, row.trips_upper] }),
  ...(row.average_lower === null || row.average_upper === null
    ? {}
    : { average_bounds: [row.average_lower, row.average_upper] }),
});

const featureOf = ({ name, boundary }: Row): Feature => ({
  type: "Feature",
  geometry: boundary as Feature["geometry"],
  properties: { name },
});

/** Possible faults of areas if none of them has a trip. */
async function hintsFor(sql: Sql, q: ByAreaQuestion): Promise<string[]> {
  if (!Array.isArray(q.areas)) return [];
  const areas = q.areas.map(({ area, ...one }) => ({ ...one, area: exchanged(area) }));
  if (areas.some(({ area }) => area === undefined)) return [];
  const rows = await translateErrors(() => ask(sql, { ...q, areas: areas as AreaFeature[] }, false));
  const trips = rows.reduce((sum, row) => sum + (row.trips ?? 0), 0);
  return trips > 0 ? [exchangedHint(trips)] : [];
}
