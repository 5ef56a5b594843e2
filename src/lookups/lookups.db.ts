import { type Sql, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import { type Point, pointOf } from "../geo/point.ts";
import {
  type FindLookup,
  type LookupSummary,
  type LookupsFor,
  lookupNames,
  type Places,
  type SentPlace,
} from "./lookup.ts";

interface Row extends LookupSummary {
  points: Record<string, Point>;
}

/**
 * Stores a lookup. Equal ids must have one place, or areas that belong together.
 *
 * @throws AppError invalid_body if an area is not valid, or an id has several points
 */
export async function putLookup(
  sql: Sql,
  name: string,
  sent: readonly SentPlace[],
): Promise<LookupSummary & { created: boolean }> {
  return translateErrors(async () => {
    const places = JSON.stringify(await pointsOf(sql, sent));
    const [row] = await sql<(LookupSummary & { created: boolean })[]>`
      insert into tripgrid.lookups as l (name, places) values (${name}, ${places}::text::jsonb)
      on conflict (name) do update set places = excluded.places, updated_at = now()
      returning name, (select count(*)::int from jsonb_object_keys(places)) as places, created_at, updated_at,
                xmax = 0 as created`;
    if (!row) throw new Error(`lookup ${name} was not stored`);
    return row;
  });
}

async function pointsOf(sql: Sql, sent: readonly SentPlace[]): Promise<Record<string, Point>> {
  // An id may be any text, `__proto__` too.
  const points: Record<string, Point> = Object.create(null);
  const areas: SentPlace[] = [];
  for (const place of sent) {
    if (place.geometry.type !== "Point" || place.geometry.crs) {
      areas.push(place);
      continue;
    }
    const point = place.geometry.coordinates as Point;
    const known = Object.hasOwn(points, place.id) ? points[place.id] : undefined;
    if (known && (known[0] !== point[0] || known[1] !== point[1]))
      throw refusal(`the id ${place.id} has several places`);
    points[place.id] = point;
  }
  if (areas.length === 0) return points;
  const rows = await sql<{ id: string; lon: number; lat: number }[]>`
    select id, st_x(point) as lon, st_y(point) as lat
    from (select id, st_transform(st_pointonsurface(st_union(st_makevalid(st_geomfromgeojson(area)))), 4326) as point
          from unnest(${areas.map(({ id }) => id)}::text[],
                      ${areas.map(({ geometry }) => JSON.stringify(geometry))}::text[]) a (id, area)
          group by id) inside`.catch((error: { code?: string }) => {
    // PostGIS reports GeoJSON that it cannot read by this code.
    throw error.code === "XX000" || error.code === "22023"
      ? refusal("a place is no valid GeoJSON, or its crs is not known")
      : error;
  });
  for (const { id, lon, lat } of rows) {
    if (Object.hasOwn(points, id)) throw refusal(`the id ${id} has several places`);
    const point = pointOf(lon, lat);
    if (!point.ok) throw refusal(`the id ${id}: ${point.fault.detail}`);
    points[id] = point.value;
  }
  return points;
}

const refusal = (detail: string) => new AppError("invalid_body", detail, { errors: [{ field: "body", detail }] });

/** A lookup with its places. */
export async function findLookup(sql: Sql, name: string): Promise<Awaited<ReturnType<FindLookup>>> {
  return translateErrors(async () => {
    const [row] = await sql<Row[]>`
      select name, (select count(*)::int from jsonb_object_keys(places)) as places, created_at, updated_at,
             places as points
      from tripgrid.lookups where name = ${name}`;
    return row && { ...row, points: new Map(Object.entries(row.points)) };
  });
}

/** All lookups without their places, ordered by name. */
export async function listLookups(sql: Sql): Promise<LookupSummary[]> {
  return translateErrors(
    async () =>
      await sql<LookupSummary[]>`
        select name, (select count(*)::int from jsonb_object_keys(places)) as places, created_at, updated_at
        from tripgrid.lookups order by name`,
  );
}

/** @returns whether the lookup existed */
export async function deleteLookup(sql: Sql, name: string): Promise<boolean> {
  return translateErrors(async () => {
    const removed = await sql`delete from tripgrid.lookups where name = ${name} returning 1`;
    return removed.length > 0;
  });
}

/** How long read places are kept. A change by another process appears after at most this time. */
const KEEP_MS = 1000;

/** Creates the call that gives a mapping its lookups. Places are remembered for a moment, since small posts come often. */
export function rememberLookups(sql: Sql): { lookupsFor: LookupsFor; forget: () => void } {
  const known = new Map<string, { places: Promise<Places | undefined>; until: number }>();
  const find = (name: string): Promise<Places | undefined> => {
    const found = known.get(name);
    if (found && found.until > Date.now()) return found.places;
    const places = findLookup(sql, name).then((lookup) => lookup?.points);
    known.set(name, { places, until: Date.now() + KEEP_MS });
    places.catch(() => known.delete(name));
    return places;
  };
  return {
    lookupsFor: async (mapping) => {
      const lookups = new Map<string, Places>();
      for (const name of lookupNames(mapping)) {
        const places = await find(name);
        if (!places) throw missing(name);
        lookups.set(name, places);
      }
      return lookups;
    },
    forget: () => known.clear(),
  };
}

function missing(name: string): AppError {
  const remedy = `send its places with PUT /v1/lookups/${name}, as CSV, GeoJSON or GBFS station_information`;
  return new AppError("missing_lookup", `The mapping needs the lookup ${name}, which is not defined: ${remedy}.`, {
    lookup: name,
  });
}
