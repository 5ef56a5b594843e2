import { AppError } from "../errors.ts";
import type { ListedRegion, Region, RegionChange } from "../region.ts";
import { areaSql } from "./area-sql.ts";
import { type Sql, translateErrors } from "./client.ts";

/**
 * Defines a region, or changes what is given of it.
 *
 * @throws AppError invalid_area, invalid_parameter for an unknown time zone, time_zone_fixed
 */
export async function putRegion(sql: Sql, change: RegionChange): Promise<{ region: Region; created: boolean }> {
  return translateErrors(async () => {
    const area = change.polygons && { kind: "polygons" as const, polygons: change.polygons };
    const [row] = await sql<{ created: boolean }[]>`
      select tripgrid.put_region(${change.name}, ${areaSql(sql, area)}, ${change.timeZone ?? null}) as created`;
    const region = await findRegion(sql, change.name);
    if (!region) throw new AppError("not_found", `The region ${change.name} was deleted at the same moment.`);
    return { region, created: row?.created ?? false };
  });
}

/** A region that somebody defined, with its boundary. */
export async function findRegion(sql: Sql, name: string): Promise<Region | undefined> {
  return translateErrors(async () => {
    const [region] = await sql<Region[]>`
      select r.name, coalesce(r.time_zone, s.time_zone) as time_zone, st_asgeojson(boundary, 15)::json as boundary,
             has_trips, updated_at
      from tripgrid.regions r cross join tripgrid.settings s where r.name = ${name} and r.is_defined`;
    return region;
  });
}

/** All regions that are defined or that trips carry, by name. */
export async function listRegions(sql: Sql): Promise<ListedRegion[]> {
  return translateErrors(
    () => sql<ListedRegion[]>`
      select r.name, coalesce(r.time_zone, s.time_zone) as time_zone, boundary is not null as has_boundary, has_trips, updated_at
      from tripgrid.regions r cross join tripgrid.settings s order by r.name`,
  );
}

/**
 * Takes a region's boundary away. While trips carry the region, its time zone stays: their local times came from it.
 *
 * @returns whether there was such a region
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
