import type { Transaction } from "../database/client.ts";

/**
 * Forgets those of these sources and regions that no trip names any more, as if there had never been one. A region that
 * is defined stays. Whether a region has trips is told by the rollups, and in weeks that they are behind with by the
 * trips. The caller keeps writers of trips out.
 */
export async function forgetNames(
  tx: Transaction,
  { sources, regions }: { sources: readonly string[]; regions: readonly string[] },
): Promise<void> {
  await tx`
    delete from tripgrid.sources s
    where s.name = any (${sources as string[]}::text[])
      and not exists (select from tripgrid.trips t where t.source = s.name)
      and not exists (select from tripgrid_internal.retired_hourly_regions h where h.source = s.name)`;
  const unused = await tx<{ name: string }[]>`
    with behind as materialized (select distinct week from tripgrid_internal.pending_weeks)
    select r.name from tripgrid.regions r
    where r.name = any (${regions as string[]}::text[]) and r.has_trips
      and not exists (select from tripgrid_internal.hourly_regions h
                      where h.region = r.name and date_trunc('week', h.hour)::date not in (select b.week from behind b))
      and not exists (select from behind b join tripgrid.trips t
                      on t.local_time >= b.week and t.local_time < b.week + 7 where t.region = r.name)`;
  const names = unused.map(({ name }) => name);
  await tx`delete from tripgrid.regions where name = any (${names}::text[]) and not is_defined`;
  await tx`update tripgrid.regions set has_trips = false where name = any (${names}::text[])`;
  // Processes keep names in memory, and ask for them again when this number has changed.
  await tx`update tripgrid.settings set names_version = names_version + 1`;
}
