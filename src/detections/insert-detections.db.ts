import type { Transaction } from "../database/client.ts";
import { placeZone } from "../geo/place-zone.ts";
import type { IdentifiedDetection } from "./detection-batch.ts";

/** A row with the number of its batch. `row` is unique in one call. */
export interface NumberedDetection {
  row: number;
  batch: number;
  detection: IdentifiedDetection;
}

/** The rows that were stored, and when the vehicles of the first and last one were seen. */
export interface Inserted {
  rows: Set<number>;
  seen: { first: string; last: string } | undefined;
}

/** One number for all of these locks. It spells "deti". */
const LOCK = 0x64657469;
const STRIPES = 16;

/**
 * Stores detections and returns the rows that were stored. The others are duplicates: of equal ones the lowest row is
 * stored. A row that is known by its id alone is a duplicate of any detection with this id.
 */
export async function insertDetections(tx: Transaction, rows: readonly NumberedDetection[]): Promise<Inserted> {
  if (rows.length === 0) return { rows: new Set(), seen: undefined };
  await lockIds(tx, rows);
  const column = <T>(pick: (detection: IdentifiedDetection) => T | undefined) =>
    rows.map(({ detection }) => pick(detection) ?? null);
  const stored = await tx<{ row: number; first: string; last: string }[]>`
    with sent as (
      select u.*, u.alone = 1 as by_id, case when u.naive is not null then u.naive at time zone z.zone else u.instant end as seen_at,
             coalesce(u.naive, u.instant at time zone z.zone) as local_time
      from unnest(
        ${rows.map(({ row }) => row)}::int[],
        ${rows.map(({ batch }) => batch)}::int[],
        ${column((d) => d.id)}::uuid[],
        ${column((d) => (d.seenAt.kind === "naive" ? d.seenAt.text : undefined))}::timestamp[],
        ${column((d) => (d.seenAt.kind === "instant" ? d.seenAt.text : undefined))}::timestamptz[],
        ${column((d) => Number(d.isKnownByIdAlone))}::int[],
        ${column((d) => d.year)}::smallint[],
        ${column((d) => d.make)}::text[],
        ${column((d) => d.model)}::text[],
        ${column((d) => d.category)}::text[],
        ${column((d) => d.camera)}::text[],
        ${column((d) => d.location?.[0])}::float8[],
        ${column((d) => d.location?.[1])}::float8[],
        ${column((d) => d.location && placeZone(d.location))}::text[],
        ${column((d) => d.attributes && JSON.stringify(d.attributes))}::text[]::jsonb[]
      ) u (row, batch, id, naive, instant, alone, year, make, model, category, camera, lon, lat, place, attributes)
      cross join tripgrid.settings s
      cross join lateral (select coalesce(s.time_zone, u.place, 'UTC') as zone) z
    ), fresh as (
      select distinct on (id, case when by_id then null else seen_at end) * from sent
      where not by_id or (not exists (select from tripgrid.detections d where d.id = sent.id)
                          and not exists (select from sent timed where timed.id = sent.id and not timed.by_id))
      order by id, case when by_id then null else seen_at end, row
    ), inserted as (
      insert into tripgrid.detections (seen_at, local_time, id, batch, year, make, model, category, camera, location, attributes)
      select seen_at, local_time, id, batch, year, make, model, category, camera,
             case when lon is not null then st_setsrid(st_makepoint(lon, lat), 4326) end, attributes
      from fresh order by id, seen_at
      on conflict (id, seen_at) do nothing
      returning id, seen_at
    )
    select min(f.row) as row, min(min(seen_at)) over () as first, max(max(seen_at)) over () as last
    from fresh f join inserted using (id, seen_at) group by id, seen_at`;
  const [one] = stored;
  return { rows: new Set(stored.map(({ row }) => row)), seen: one && { first: one.first, last: one.last } };
}

/**
 * Keeps two transactions with the same id apart, where the id alone tells what is a duplicate: no index does. On the
 * embedded engine transactions run one after the other anyway.
 */
async function lockIds(tx: Transaction, rows: readonly NumberedDetection[]): Promise<void> {
  const ids = rows.filter(({ detection }) => detection.isKnownByIdAlone).map(({ detection }) => detection.id);
  if (ids.length === 0) return;
  const stripes = [...new Set(ids.map((id) => Number.parseInt(id.slice(-2), 16) % STRIPES))].sort((a, b) => a - b);
  await tx`select pg_advisory_xact_lock(${LOCK}, stripe) from unnest(${stripes}::int[]) stripe`;
}
