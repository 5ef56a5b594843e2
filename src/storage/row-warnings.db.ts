import type { StoredWarnings } from "../batches/receipt.db.ts";
import type { Transaction } from "../database/client.ts";
import { looksExchanged } from "../geo/exchanged-point.ts";
import type { Point } from "../geo/point.ts";
import type { KnownNames } from "./copy/register-names.db.ts";
import type { Inserted, SentTrips } from "./insert-trips.db.ts";
import { cellOf, isInside, learnCells } from "./inside-cells.db.ts";
import { multipoint } from "./multipoint.ts";

/** Rows that a warning names; the others are counted. */
const ROWS_NAMED = 10;

/** The taken rows of a batch, and what became of them. */
interface Taken extends SentTrips {
  done: Inserted;
}

/**
 * What may be wrong with the rows of each batch that were taken. Nothing is changed for it. All batches of a commit are
 * looked at together: hundreds of small ones share one, and a statement for each would hold it up.
 *
 * @param names what is known of the regions since the rows were inserted
 */
export async function warningsOn(
  tx: Transaction,
  batches: readonly Taken[],
  names: KnownNames,
): Promise<StoredWarnings[]> {
  const found = batches.map(firstWarnings);
  for (const { at, row, is_exchanged } of await outsideBoundaries(tx, batches, names)) {
    if (is_exchanged) found[at]?.add("exchanged_coordinates", row, EXCHANGED);
    else found[at]?.add("outside_boundary", row, OUTSIDE);
  }
  for (const { at, row } of await equalRows(tx, batches)) found[at]?.add("equal_rows", row, EQUAL);
  return found.map(({ warnings }) => warnings());
}

/** The warnings that need no database, and a list for the others. */
function firstWarnings({ trips, done }: Taken) {
  const found = new Map<string, { rows: number[]; detail: string }>();
  const add = (code: string, row: number, detail: string) => {
    const known = found.get(code) ?? { rows: [], detail };
    known.rows.push(row);
    found.set(code, known);
  };
  const zones = new Set<string>();
  for (const { row, trip } of trips) {
    if (looksExchanged(trip.origin, done.places.get(row) ?? "", trip.destination))
      add("exchanged_coordinates", row, EXCHANGED);
    const zone = done.placed.get(row);
    if (zone === undefined) continue;
    zones.add(zone);
    add("time_zone_by_place", row, "");
  }
  for (const row of done.cancelled) add("cancelled", row, CANCELLED);
  const placed = found.get("time_zone_by_place");
  if (placed) placed.detail = `${BY_PLACE} ${[...zones].sort().slice(0, ROWS_NAMED).join(", ")}`;
  const warnings = (): StoredWarnings =>
    Object.fromEntries(
      [...found].map(([code, { rows: numbers, detail }]) => [
        code,
        { rows: numbers.length, detail: named(detail, numbers) },
      ]),
    );
  return { add, warnings };
}

const named = (detail: string, rows: number[]) => {
  const first = rows
    .sort((a, b) => a - b)
    .slice(0, ROWS_NAMED)
    .join(", ");
  return `${detail} (row ${first}${rows.length > ROWS_NAMED ? ", …" : ""})`;
};

const EXCHANGED = "the origin looks like latitude and longitude exchanged: longitude comes first";
const OUTSIDE = "the origin lies outside the boundary of the region that the row names";
const BY_PLACE = "the moment became local by the time zone that the origin lies in:";
const EQUAL =
  "rows without a trip id that equal an earlier row were taken as duplicates of it; identity=row takes them as trips of their own";
const CANCELLED = "the trip was cancelled, and is not stored again; DELETE it with forget=true to free its identity";

/**
 * Rows whose origin lies outside the boundary of their region, and whether it lies inside with exchanged coordinates.
 * `at` is the place of the batch.
 */
async function outsideBoundaries(
  tx: Transaction,
  batches: readonly Taken[],
  { bounded, inside }: KnownNames,
): Promise<{ at: number; row: number; is_exchanged: boolean }[]> {
  const ofRegion = new Map<string, { at: number; row: number; origin: Point }[]>();
  const unknown = new Map<string, Set<number>>();
  for (const [at, { trips }] of batches.entries()) {
    for (const { row, trip } of trips) {
      const { region, origin } = trip;
      if (region === undefined || !bounded.has(region)) continue;
      const known = isInside(inside, region, origin);
      if (known) continue;
      if (known === undefined) unknown.set(region, (unknown.get(region) ?? new Set()).add(cellOf(origin)));
      const asked = ofRegion.get(region);
      if (asked) asked.push({ at, row, origin });
      else ofRegion.set(region, [{ at, row, origin }]);
    }
  }
  if (ofRegion.size === 0) return [];
  const points = [...ofRegion.values()].map((asked) => multipoint(asked.map(({ origin }) => origin)));
  const outside = await tx<{ region: string; n: number; is_exchanged: boolean }[]>`
    select r.name as region, d.path[1] as n,
           abs(st_x(d.geom)) <= 90 and st_intersects(r.boundary, st_flipcoordinates(d.geom)) as is_exchanged
    from unnest(${[...ofRegion.keys()]}::text[], ${points}::text[]) sent (region, points)
    join tripgrid.regions r on r.name = sent.region
    cross join lateral st_dump(sent.points::geometry) d
    where r.boundary is not null and not st_intersects(r.boundary, d.geom)`;
  await learnCells(tx, inside, unknown);
  return outside.flatMap(({ region, n, is_exchanged }) => {
    const one = ofRegion.get(region)?.[n - 1];
    return one ? [{ at: one.at, row: one.row, is_exchanged }] : [];
  });
}

/** Rows without an id of their own that equal another row of their batch. `at` is the place of the batch. */
async function equalRows(tx: Transaction, batches: readonly Taken[]): Promise<{ at: number; row: number }[]> {
  const duplicates = batches.flatMap(({ trips, number, done }, at) =>
    trips
      .filter(
        ({ row, trip }) =>
          trip.idFromContent && !done.inserted.has(row) && !done.closed.has(row) && !done.cancelled.has(row),
      )
      .map((one) => ({ at, number, ...one })),
  );
  if (duplicates.length === 0) return [];
  return tx<{ at: number; row: number }[]>`
    select distinct u.at, u.row
    from unnest(${duplicates.map(({ at }) => at)}::int[], ${duplicates.map(({ row }) => row)}::int[],
                ${duplicates.map(({ trip }) => trip.source)}::text[], ${duplicates.map(({ trip }) => trip.tripId)}::text[],
                ${duplicates.map(({ number }) => number ?? null)}::int[])
      u (at, row, source, trip_id, batch)
    join tripgrid.trips t on t.source = u.source and t.trip_id = u.trip_id and t.batch = u.batch`;
}

/**
 * The SQL of a batch's column `warnings` together with these: rows are added up, and the first detail stays.
 */
export const addedWarnings = (tx: Transaction, warnings: StoredWarnings) =>
  Object.keys(warnings).length === 0
    ? tx`warnings`
    : tx`(
  select jsonb_object_agg(k.code, jsonb_build_object('rows', k.rows, 'detail', k.detail))
  from (select w.key as code, sum((w.value ->> 'rows')::int) as rows, (array_agg(w.value ->> 'detail' order by w.n))[1] as detail
        from (select 1 as n, o.* from jsonb_each(coalesce(warnings, '{}')) o
              union all select 2, e.* from jsonb_each(${JSON.stringify(warnings)}::text::jsonb) e) w
        group by w.key) k)`;
