import type { Sql } from "../../src/database/client.ts";
import { geoJson, type TestArea } from "./areas.ts";
import { isDecided } from "./decided.ts";
import { members, type TestQuestion } from "./questions.ts";
import type { Position } from "./shapes.ts";
import { type Answer, answerOf, mondayOf, type WeekCount, weekdayOf } from "./weeks.ts";

/**
 * The oracle. PostGIS says which points lie in an area, tested one by one against the whole of it; everything else is
 * worked out here from the rows of the trips. No function of the project takes part.
 */
export interface Oracle {
  trips: OracleTrip[];
  /** Tests every trip against each of the areas. */
  tryAreas(areas: TestArea[]): Promise<Inside[]>;
  ask(inside: Inside, question: TestQuestion): Expected;
  /** The trips that a question is about. */
  select(inside: Inside, question: TestQuestion): DatedTrip[];
}

/** A trip with what its local time says. */
export type DatedTrip = OracleTrip & { hour: number; monday: string; weekday: number };

/** A trip as the table has it. */
export interface OracleTrip {
  trip_id: string;
  source: string;
  region: string | null;
  local_time: string;
  origin: Position;
  destination: Position | null;
  duration_s: number | null;
}

/** What lies in an area: the ids of trips. */
export interface Inside {
  isValid: boolean;
  /** Whether PostGIS answers by the plane alone, and not by the order in which it sees the points. */
  isDecided: boolean;
  origins: Set<string>;
  destinations: Set<string>;
}

export interface Expected {
  /** Trips that lie in the area by the question's `match`, whatever its other filters. */
  inside: number;
  /** Weeks that have trips, by their Monday. */
  counts: WeekCount[];
  answer: Answer;
}

/**
 * Reads all trips once; made anew after others were sent.
 *
 * @param table where they stand
 */
export async function readOracle(sql: Sql, table = "tripgrid.trips"): Promise<Oracle> {
  const trips = await readTrips(sql, table);
  const dated = trips.map((trip) => ({
    ...trip,
    hour: Number(trip.local_time.slice(11, 13)),
    monday: mondayOf(trip.local_time),
    weekday: weekdayOf(trip.local_time),
  }));
  const everyone = new Set(trips.map(({ trip_id }) => trip_id));
  const ends = trips.flatMap(({ origin, destination }) => (destination ? [origin, destination] : [origin]));
  const lats = [...new Set(ends.map(([, lat]) => lat))].sort((a, b) => a - b);

  async function tryAreas(areas: TestArea[]): Promise<Inside[]> {
    const found = await pointsIn(sql, areas, table);
    return areas.map((area, i): Inside => {
      if (area.polygons.length === 0) {
        return { isValid: true, isDecided: true, origins: everyone, destinations: everyone };
      }
      const { valid = false, origins, destinations } = found.get(i) ?? {};
      return {
        isValid: valid,
        isDecided: isDecided(area.polygons, lats),
        origins: new Set(origins),
        destinations: new Set(destinations),
      };
    });
  }

  const matchingOf = ({ origins, destinations }: Inside, question: TestQuestion) =>
    dated.filter(({ trip_id }) => {
      const [o, d] = [origins.has(trip_id), destinations.has(trip_id)];
      return { origin: o, destination: d, both: o && d, either: o || d }[question.match];
    });

  function select(inside: Inside, question: TestQuestion): DatedTrip[] {
    const hours = question.hours && members(question.hours, 24);
    const days = question.days && members(question.days, 7);
    const first = question.from && mondayOf(question.from);
    const last = question.to && mondayOf(question.to);
    return matchingOf(inside, question).filter((trip) => {
      if (question.source !== undefined && trip.source !== question.source) return false;
      if (question.region !== undefined && trip.region !== question.region) return false;
      if (hours && !hours.includes(trip.hour)) return false;
      if (days && !days.includes(trip.weekday)) return false;
      return !((first && trip.monday < first) || (last && trip.monday > last));
    });
  }

  function ask(inside: Inside, question: TestQuestion): Expected {
    const weeks = new Map<string, number>();
    for (const { monday } of select(inside, question)) weeks.set(monday, (weeks.get(monday) ?? 0) + 1);
    const counts = [...weeks].sort().map(([week, count]) => ({ week, trips: count }));
    const [first, last] = [question.from && mondayOf(question.from), question.to && mondayOf(question.to)];
    return { inside: matchingOf(inside, question).length, counts, answer: answerOf(counts, first, last) };
  }
  return { trips, tryAreas, ask, select };
}

async function readTrips(sql: Sql, table: string): Promise<OracleTrip[]> {
  type Row = Omit<OracleTrip, "origin" | "destination"> & {
    x: number;
    y: number;
    to_x: number | null;
    to_y: number | null;
  };
  const rows = await sql<Row[]>`
    select trip_id, source, region, to_char(local_time, 'YYYY-MM-DD"T"HH24:MI:SS.US') as local_time,
           duration_s, st_x(origin) as x, st_y(origin) as y, st_x(destination) as to_x, st_y(destination) as to_y
    from ${sql(table)}`;
  return rows.map(({ x, y, to_x, to_y, ...row }) => {
    return { ...row, origin: [x, y], destination: to_x === null || to_y === null ? null : [to_x, to_y] };
  });
}

/** One statement for many areas; each meets all trips before the next one, as PostGIS remembers the last polygon. */
async function pointsIn(sql: Sql, areas: TestArea[], table: string) {
  const asked = areas.flatMap((area, i) => (area.polygons.length > 0 ? [{ i, area: geoJson(area) }] : []));
  const rows = await sql<{ i: number; valid: boolean; origins: string; destinations: string }[]>`
    with asked as materialized (
      select a.i, st_setsrid(st_geomfromgeojson(a.area), 4326) as area
      from json_to_recordset(${JSON.stringify(asked)}::text::json) a (i int, area text)
    )
    select a.i, st_isvalid(a.area) as valid, coalesce(p.origins, '') as origins, coalesce(p.destinations, '') as destinations
    from asked a
    cross join lateral (
      select string_agg(t.trip_id, ',') filter (where st_intersects(a.area, t.origin)) as origins,
             string_agg(t.trip_id, ',') filter (where st_intersects(a.area, t.destination)) as destinations
      from ${sql(table)} t
    ) p`;
  return new Map(
    rows.map(({ i, valid, origins, destinations }) => [
      i,
      { valid, origins: idsIn(origins), destinations: idsIn(destinations) },
    ]),
  );
}

const idsIn = (list: string): string[] => (list === "" ? [] : list.split(","));
