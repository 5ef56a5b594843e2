import type { Transaction } from "../database/client.ts";
import { unpackTrips } from "../rollups/compress-trips.db.ts";
import { lockAllCorrections } from "../storage/corrections-lock.db.ts";
import { raiseNoAlerts } from "../storage/raise-no-alerts.db.ts";
import { inTransaction, type Store } from "../storage/trip-transaction.db.ts";
import { forgetNames } from "./forget-names.db.ts";
import { undoDetections } from "./undo-detections.db.ts";

/** Trips or detections in one transaction. Writers wait for it, so it should take well under a second. */
const ROWS_A_STEP = 2000;

interface Identities {
  sources: string[];
  ids: string[];
  times: string[];
}

/**
 * Removes the trips or detections of a batch that is being undone, trips week by week and some at a time, and marks it as undone. Whatever
 * ends it midway, it can be called again: what is removed stays removed.
 *
 * The trips are found by their weeks and the order of their times, so that no index on the batch is needed and a week
 * is read once.
 */
export async function finishUndo(
  store: Store,
  batchId: string,
  signal: Pick<AbortSignal, "aborted">,
  rowsAStep = ROWS_A_STEP,
): Promise<void> {
  const { sql } = store;
  const [batch] = await sql<{ number: number; subject: string; weeks: string[] }[]>`
    select number, subject, weeks::text[] as weeks from tripgrid.batches where batch_id = ${batchId} and state = 'undoing'`;
  if (!batch) return;
  if (batch.subject === "detections") {
    if (!(await undoDetections(store, batchId, signal, rowsAStep))) return;
    return inTransaction(store, [], (tx) => end(tx, batchId, batch.number));
  }
  for (const week of batch.weeks) {
    const start = `${week}T00:00:00`;
    for (let from = start; ; ) {
      if (signal.aborted) return;
      const found = await store.patientSql<{ source: string; trip_id: string; local_time: string }[]>`
        select source, trip_id, local_time from tripgrid.trips
        where batch = ${batch.number} and local_time >= ${from}::timestamp and local_time < ${week}::date + 7
        order by local_time limit ${rowsAStep}`;
      if (found.length === 0) break;
      // In the columnstore each trip is looked up among all of its source, and the database soon gives up.
      if (from === start) {
        const times = found.map(({ local_time }) => ({ kind: "naive" as const, text: local_time }));
        await unpackTrips(store.patientSql, times);
      }
      from = found.at(-1)?.local_time ?? from;
      const identities = {
        sources: found.map((one) => one.source),
        ids: found.map((one) => one.trip_id),
        times: found.map((one) => one.local_time),
      };
      await inTransaction(store, [], (tx) => removeSome(tx, batchId, batch.number, identities));
    }
  }
  if (signal.aborted) return;
  await inTransaction(store, [], (tx) => end(tx, batchId, batch.number));
}

async function removeSome(tx: Transaction, batchId: string, number: number, some: Identities): Promise<void> {
  // A copy that another batch sends meanwhile is either kept aside before this, or stored after it.
  await lockAllCorrections(tx);
  // A copy that takes a removed trip's place was announced when that came.
  await raiseNoAlerts(tx);
  const gone = await tx<{ source: string; trip_id: string; local_time: string; region: string | null }[]>`
    delete from tripgrid.trips t
    using unnest(${some.sources}::text[], ${some.ids}::text[], ${some.times}::timestamp[]) s (source, trip_id, local_time)
    where t.source = s.source and t.trip_id = s.trip_id and t.local_time = s.local_time and t.batch = ${number}
    returning t.source, t.trip_id, t.local_time, t.region`;
  const kept = await handOver(tx, {
    sources: gone.map((one) => one.source),
    ids: gone.map((one) => one.trip_id),
    times: gone.map((one) => one.local_time),
  });
  const names = (list: (string | null)[]) => JSON.stringify([...new Set(list)].filter((name) => name !== null));
  await tx`
    update tripgrid.batches
    set change_id = nextval('tripgrid.batch_changes'),
        undone = undone || jsonb_build_object(
          'beat', clock_timestamp(),
          'removed', (undone ->> 'removed')::int + ${gone.length - kept}::int, 'kept', (undone ->> 'kept')::int + ${kept}::int,
          'sources', (select coalesce(jsonb_agg(distinct n), '[]') from jsonb_array_elements((undone -> 'sources') || ${names(gone.map(({ source }) => source))}::text::jsonb) n),
          'regions', (select coalesce(jsonb_agg(distinct n), '[]') from jsonb_array_elements((undone -> 'regions') || ${names(gone.map(({ region }) => region))}::text::jsonb) n))
    where batch_id = ${batchId}`;
}

/** Stores the copies of removed trips that other batches sent, the earliest one of each. Returns how many there are. */
async function handOver(tx: Transaction, { sources, ids, times }: Identities): Promise<number> {
  const back = await tx<{ id: number; batch: number; source: string; region: string | null; week: string }[]>`
    with next as materialized (
      select distinct on (r.source, r.trip_id, r.local_time) r.*
      from unnest(${sources}::text[], ${ids}::text[], ${times}::timestamp[]) s (source, trip_id, local_time)
      join tripgrid.repeated_trips r on r.source = s.source and r.trip_id = s.trip_id and r.local_time = s.local_time
      join tripgrid.batches b on b.number = r.batch and b.state not in ('undoing', 'undone')
      order by r.source, r.trip_id, r.local_time, r.id
    ), stored as (
      insert into tripgrid.trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
                                  source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local)
      select local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
             source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local
      from next order by source, trip_id, local_time
    )
    select id, batch, source, region, date_trunc('week', local_time)::date::text as week from next`;
  if (back.length === 0) return 0;
  await tx`delete from tripgrid.repeated_trips where id = any (${back.map(({ id }) => id)}::bigint[])`;
  await tx`
    insert into tripgrid.sources (name) select distinct n from unnest(${back.map(({ source }) => source)}::text[]) n order by 1
    on conflict do nothing`;
  await tx`
    insert into tripgrid.regions as r (name, has_trips)
    select distinct n, true from unnest(${back.map(({ region }) => region)}::text[]) n where n is not null order by 1
    on conflict (name) do update set has_trips = true where not r.has_trips`;
  await tx`
    update tripgrid.batches b
    set inserted = inserted + c.trips, duplicates = duplicates - c.trips, change_id = nextval('tripgrid.batch_changes'),
        weeks = array(select distinct w from unnest(b.weeks || c.weeks) w order by w)
    from (select batch, count(*)::int as trips, array_agg(distinct week) as weeks
          from unnest(${back.map(({ batch }) => batch)}::int[], ${back.map(({ week }) => week)}::date[]) u (batch, week)
          group by batch) c
    where b.number = c.batch`;
  return back.length;
}

async function end(tx: Transaction, batchId: string, number: number): Promise<void> {
  await lockAllCorrections(tx);
  const [open] = await tx<{ sources: string[]; regions: string[] }[]>`
    select array(select jsonb_array_elements_text(undone -> 'sources')) as sources,
           array(select jsonb_array_elements_text(undone -> 'regions')) as regions
    from tripgrid.batches where batch_id = ${batchId} and state = 'undoing' for update`;
  if (!open) return;
  await tx`delete from tripgrid.repeated_trips where batch = ${number}`;
  await tx`delete from tripgrid.cancelled_trips where batch = ${number}`;
  await tx`delete from tripgrid.rejected_rows where batch_id = ${batchId}`;
  await forgetNames(tx, open);
  await tx`
    update tripgrid.batches
    set state = 'undone', undone = undone - 'beat' - 'sources' - 'regions' || jsonb_build_object('at', clock_timestamp()),
        change_id = nextval('tripgrid.batch_changes')
    where batch_id = ${batchId}`;
  await tx`
    update tripgrid.callbacks
    set delivered_at = null, given_up_at = null, next_attempt_at = clock_timestamp(), unfinished = 0
    where batch_id = ${batchId}`;
}
