import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import { areaSql } from "../geo/area.db.ts";
import { lockAllCorrections } from "../storage/corrections-lock.db.ts";
import type { ListedRegion, Recompute, Region, RegionChange } from "./region.ts";

/**
 * Defines a region, or changes the given parts of it.
 *
 * @throws AppError invalid_area, invalid_parameter for an unknown time zone, time_zone_locked
 */
export async function putRegion(sql: Sql, change: RegionChange): Promise<{ region: Region; created: boolean }> {
  const [put] = await putRegions(sql, [change]);
  const region = await findRegion(sql, change.name);
  if (!region) throw new AppError("not_found", `The region ${change.name} was deleted at the same moment.`);
  return { region, created: put?.created ?? false };
}

/**
 * Defines several regions in one transaction.
 *
 * @throws AppError as putRegion; of several regions the message begins with the name of the one at fault
 */
export async function putRegions(
  sql: Sql,
  changes: readonly RegionChange[],
): Promise<{ name: string; created: boolean }[]> {
  return sql.begin(async (tx) => {
    // Trips that are written meanwhile would still follow the old time zone.
    if (changes.some(({ timeZone }) => timeZone !== undefined)) await lockAllCorrections(tx);
    const done: { name: string; created: boolean }[] = [];
    // In one order everywhere, so that two calls cannot wait for each other.
    for (const change of changes.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const created = await translateErrors(() => putOne(tx, change)).catch((error) => {
        throw changes.length > 1 ? named(error, change.name) : error;
      });
      done.push({ name: change.name, created });
    }
    return done;
  }) as Promise<{ name: string; created: boolean }[]>;
}

async function putOne(tx: Transaction, change: RegionChange): Promise<boolean> {
  const { name, boundary, timeZone = null, recompute = false } = change;
  const [row] = await tx<{ created: boolean }[]>`
    select tripgrid_internal.put_region(${name}, ${areaSql(tx as unknown as Sql, boundary)}, ${timeZone}, ${recompute}) as created`;
  return row?.created ?? false;
}

const named = (error: unknown, name: string) =>
  error instanceof AppError
    ? new AppError(error.code, `${name}: ${error.message}`, { ...error.extra, region: name }, { cause: error })
    : error;

/** Finds a region with its boundary: one that is defined, or that trips name. */
export async function findRegion(sql: Sql, name: string): Promise<Region | undefined> {
  return translateErrors(async () => {
    const [found] = await sql<(Omit<Region, "recompute"> & { recompute: Recompute | null })[]>`
      select r.name, coalesce(r.time_zone, s.time_zone) as time_zone, st_asgeojson(boundary, 15)::json as boundary,
             has_trips, is_defined, updated_at, recompute
      from tripgrid.regions r cross join tripgrid.settings s where r.name = ${name}`;
    if (!found) return undefined;
    const { recompute, ...region } = found;
    if (!recompute) return region;
    const { state, moved, since } = recompute;
    return { ...region, recompute: { state, moved, since: new Date(since).toISOString() } };
  });
}

/** All regions that are defined or that trips carry, ordered by name. */
export async function listRegions(sql: Sql): Promise<ListedRegion[]> {
  return translateErrors(
    () => sql<ListedRegion[]>`
      select r.name, coalesce(r.time_zone, s.time_zone) as time_zone, boundary is not null as has_boundary, has_trips,
             is_defined, updated_at
      from tripgrid.regions r cross join tripgrid.settings s order by r.name`,
  );
}

/**
 * Removes a region's boundary. While trips carry the region, its time zone stays: their local times depend on it.
 *
 * @returns whether the region existed
 */
export async function deleteRegion(sql: Sql, name: string): Promise<boolean> {
  return translateErrors(async () => {
    const removed =
      await sql`delete from tripgrid.regions where name = ${name} and is_defined and not has_trips returning 1`;
    const kept = await sql`
      update tripgrid.regions set boundary = null, is_defined = false, updated_at = now()
      where name = ${name} and is_defined returning 1`;
    return removed.length + kept.length > 0;
  });
}
