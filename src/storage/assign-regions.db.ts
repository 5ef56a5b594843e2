import type { Transaction } from "../database/client.ts";
import type { PlacedRow } from "./copy/register-names.db.ts";

/**
 * Gives each trip of a batch that names no region the one whose boundary holds its origin. If several boundaries do, or
 * none, it stays without. A trip that is written by itself, such as a correction, stays as its sender wrote it.
 */
export async function withRegions<Row extends PlacedRow>(
  tx: Transaction,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const without = rows.filter(({ trip, batch }) => trip.region === undefined && batch !== undefined);
  if (without.length === 0) return rows;
  const found = await tx<{ at: number; region: string }[]>`
    select u.at, min(r.name) as region
    from unnest(${without.map(({ at }) => at)}::int[], ${without.map(({ trip }) => trip.origin[0])}::float8[],
                ${without.map(({ trip }) => trip.origin[1])}::float8[]) u (at, lon, lat)
    join tripgrid.regions r on st_intersects(r.boundary, st_setsrid(st_makepoint(u.lon, u.lat), 4326))
    group by u.at having count(*) = 1`;
  const regionOf = new Map(found.map(({ at, region }) => [at, region]));
  return rows.map((one) => {
    const region = one.trip.region === undefined ? regionOf.get(one.at) : undefined;
    return region === undefined ? one : { ...one, trip: { ...one.trip, region } };
  });
}
