import type { Sql } from "../../../src/db/client.ts";
import type { TestArea } from "./areas.ts";
import { members, type TestQuestion } from "./questions.ts";
import type { Position } from "./shapes.ts";
import { type Answer, answerOf, mondayOf, type WeekCount, weekdayOf } from "./weeks.ts";

/**
 * The oracle. PostGIS says which points lie in an area, tested one by one against the whole of it; everything else is
 * worked out here from the rows of the trips. No function of the project takes part.
 */
export interface Oracle {
  trips: OracleTrip[];
  ask(area: TestArea, question: TestQuestion): Promise<Expected>;
}

/** A trip as the table has it. */
export interface OracleTrip {
  trip_id: string;
  source: string;
  region: string | null;
  local_time: string;
  origin: Position;
  destination: Position | null;
}

export interface Expected {
  isValid: boolean;
  /** Whether PostGIS answers by the plane alone, and not by the order in which it sees the points. */
  isDecided: boolean;
  /** Trips that lie in the area by the question's `match`, whatever its other filters. */
  inside: number;
  /** Weeks that have trips, by their Monday. */
  counts: WeekCount[];
  answer: Answer;
}

/** Reads all trips once; made anew after others were sent. */
export async function readOracle(sql: Sql): Promise<Oracle> {
  type Row = Omit<OracleTrip, "origin" | "destination"> & {
    x: number;
    y: number;
    to_x: number | null;
    to_y: number | null;
  };
  const rows = await sql<Row[]>`
    select trip_id, source, region, to_char(local_time, 'YYYY-MM-DD"T"HH24:MI:SS.US') as local_time,
           st_x(origin) as x, st_y(origin) as y, st_x(destination) as to_x, st_y(destination) as to_y
    from tripgrid.trips`;
  const trips = rows.map(({ x, y, to_x, to_y, ...row }): OracleTrip => {
    return { ...row, origin: [x, y], destination: to_x === null || to_y === null ? null : [to_x, to_y] };
  });
  const dated = trips.map((trip) => ({
    ...trip,
    monday: mondayOf(trip.local_time),
    weekday: weekdayOf(trip.local_time),
  }));

  const ends = trips.flatMap(({ origin, destination }) => (destination ? [origin, destination] : [origin]));
  const lats = [...new Set(ends.map(([, lat]) => lat))].sort(ascending);

  async function ask(area: TestArea, question: TestQuestion): Promise<Expected> {
    const { isValid, origins, destinations } = await pointsIn(sql, area);
    const matching = dated.filter(({ trip_id }) => {
      const [o, d] = [origins.has(trip_id), destinations.has(trip_id)];
      return { origin: o, destination: d, both: o && d, either: o || d }[question.match];
    });
    const hours = question.hours && members(question.hours, 24);
    const days = question.days && members(question.days, 7);
    const first = question.from && mondayOf(question.from);
    const last = question.to && mondayOf(question.to);
    const weeks = new Map<string, number>();
    for (const trip of matching) {
      if (question.source !== undefined && trip.source !== question.source) continue;
      if (question.region !== undefined && trip.region !== question.region) continue;
      if (hours && !hours.includes(Number(trip.local_time.slice(11, 13)))) continue;
      if (days && !days.includes(trip.weekday)) continue;
      if ((first && trip.monday < first) || (last && trip.monday > last)) continue;
      weeks.set(trip.monday, (weeks.get(trip.monday) ?? 0) + 1);
    }
    const counts = [...weeks].sort().map(([week, count]) => ({ week, trips: count }));
    return {
      isValid,
      isDecided: isDecided(area, lats),
      inside: matching.length,
      counts,
      answer: answerOf(counts, first, last),
    };
  }
  return { trips, ask };
}

/**
 * For a polygon that it meets again PostGIS uses an index that takes latitudes for equal that differ by 1e-12, and finds
 * other points inside than it did the first time, also far from any edge. In PostGIS 3.3 these two rows differ:
 *
 *     select st_intersects('POLYGON((0 1,0 .5,1 .5,1 1e-14,2 1e-14,2 0,3 0,3 1,0 1))'::geometry, point)
 *     from (values ('POINT(.5 0)'::geometry), ('POINT(.5 0)')) twice (point)
 *
 * So brute force is no oracle for an area with a vertex that is as good as level with a trip, but not quite.
 */
function isDecided({ polygons }: TestArea, lats: number[]): boolean {
  const vertices = [...new Set(polygons.flat(2).map(([, lat]) => lat))].sort(ascending);
  let i = 0;
  for (const lat of vertices) {
    while ((lats[i] ?? 91) < lat - 1e-11) i++;
    const level = lats.slice(i, i + 3).filter((other) => Math.abs(other - lat) <= 1e-11);
    if (level.some((other) => other !== lat)) return false;
  }
  return true;
}

const ascending = (a: number, b: number) => a - b;

async function pointsIn(sql: Sql, area: TestArea) {
  const [row] = await sql<{ valid: boolean; origins: string[]; destinations: string[] }[]>`
    with asked as materialized (
      select st_setsrid(st_geomfromgeojson(${geoJson(area)}), 4326) as area
    ), judged as materialized (
      select t.trip_id, st_intersects(a.area, t.origin) as o, st_intersects(a.area, t.destination) as d
      from asked a cross join tripgrid.trips t
    )
    select (select st_isvalid(area) from asked) as valid,
           coalesce(array_agg(trip_id) filter (where o), '{}') as origins,
           coalesce(array_agg(trip_id) filter (where d), '{}') as destinations
    from judged`;
  return {
    isValid: row?.valid ?? false,
    origins: new Set(row?.origins),
    destinations: new Set(row?.destinations),
  };
}

/** The area as GeoJSON: its rings closed, one polygon by itself. */
export function geoJson({ polygons }: TestArea): string {
  const closed = polygons.map((rings) => rings.map((ring) => [...ring, ring[0]]));
  return JSON.stringify(
    closed.length === 1 ? { type: "Polygon", coordinates: closed[0] } : { type: "MultiPolygon", coordinates: closed },
  );
}
