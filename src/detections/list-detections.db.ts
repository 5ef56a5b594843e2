import { type Kysely, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import { areaExpression, intersects } from "../geo/area.db.ts";
import {
  type DetectionFilters,
  type DetectionPage,
  MAX_COUNTED,
  type PageStart,
  type StoredDetection,
} from "./detections.ts";

/** A page ends with the detection at which the attributes, as text, reach this many bytes. */
const BYTES_A_PAGE = 4 * 1024 * 1024;

interface Row extends Pick<StoredDetection, "id" | "seen_at" | "local_time"> {
  year: number;
  make: string;
  model: string;
  category: string;
  camera: string | null;
  lon: number | null;
  lat: number | null;
  attributes: Record<string, unknown> | null;
  found: number;
}

/** A page of detections, newest first, and how many match. */
export async function listDetections(
  db: Kysely<DB>,
  filters: DetectionFilters,
  limit: number,
  { skip, after }: PageStart,
): Promise<DetectionPage> {
  return translateErrors(async () => {
    const matching = conditions(filters);
    const rest = after
      ? [...matching, sql<boolean>`(d.seen_at, d.id) < (${after.seenAt}::timestamptz, ${after.id}::uuid)`]
      : matching;
    const { rows } = await sql<Row>`
      select id, seen_at, local_time, year, make, model, category, camera, st_x(location) as lon, st_y(location) as lat,
             attributes, found
      from (select *, count(*) over () as found,
                   coalesce(sum(octet_length(attributes::text)) over (
                     order by seen_at desc, id desc rows between unbounded preceding and 1 preceding), 0) as bytes_before
            from (select * from tripgrid.detections d where ${sql.join(rest, sql` and `)}
                  order by d.seen_at desc, d.id desc offset ${skip} limit ${limit + 1}) first) sized
      where bytes_before < ${BYTES_A_PAGE}
      order by seen_at desc, id desc`.execute(db);
    const detections = rows.slice(0, limit).map(shown);
    const last = detections.at(-1);
    const found = rows[0]?.found ?? 0;
    const next = last && found > detections.length ? { seenAt: last.seen_at, id: last.id } : undefined;
    return { detections, next, ...(await countMatching(db, matching, Object.values(filters).every(isUndefined))) };
  });
}

const isUndefined = (value: unknown) => value === undefined;

function conditions(f: DetectionFilters) {
  return [
    sql<boolean>`true`,
    ...(f.make === undefined ? [] : [sql<boolean>`d.make = ${f.make}`]),
    ...(f.model === undefined ? [] : [sql<boolean>`d.model = ${f.model}`]),
    ...(f.category === undefined ? [] : [sql<boolean>`d.category = ${f.category}`]),
    ...(f.year === undefined ? [] : [sql<boolean>`d.year = ${f.year}`]),
    ...(f.camera === undefined ? [] : [sql<boolean>`d.camera = ${f.camera}`]),
    // A local time is within 15 hours of UTC, so the day also bounds the column that the table is cut by.
    ...(f.from === undefined
      ? []
      : [
          sql<boolean>`d.local_time >= ${f.from}::date and d.seen_at >= ${f.from}::date::timestamp at time zone 'UTC' - interval '16 hours'`,
        ]),
    ...(f.to === undefined
      ? []
      : [
          sql<boolean>`d.local_time < ${f.to}::date + 1 and d.seen_at < (${f.to}::date + 1)::timestamp at time zone 'UTC' + interval '16 hours'`,
        ]),
    ...(f.area === undefined ? [] : [intersects(sql`(select ${areaExpression(f.area)})`, "d.location")]),
  ];
}

/** All detections are counted from the counts, others one by one up to a limit. */
async function countMatching(db: Kysely<DB>, matching: ReturnType<typeof conditions>, isAll: boolean) {
  if (isAll) {
    const { rows } = await sql<{ total: number }>`
      select coalesce((select sum(n) from tripgrid_internal.detection_month_counts where dimension = 'hour'), 0)
           + coalesce((select sum(n) from tripgrid_internal.detection_count_changes where dimension = 'hour'), 0)
           - (select n from tripgrid_internal.dropped_detections) as total`.execute(db);
    return { total: rows[0]?.total ?? 0, totalIsExact: true };
  }
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (
      select from tripgrid.detections d where ${sql.join(matching, sql` and `)} limit ${MAX_COUNTED + 1}) counted`.execute(
    db,
  );
  const total = rows[0]?.total ?? 0;
  return { total: Math.min(total, MAX_COUNTED), totalIsExact: total <= MAX_COUNTED };
}

function shown({ year, make, model, category, camera, lon, lat, attributes, ...row }: Row): StoredDetection {
  return {
    ...{ id: row.id, Year: year, Make: make, Model: model, Category: category },
    ...{ seen_at: row.seen_at, local_time: row.local_time },
    ...(camera === null ? {} : { camera }),
    ...(lon === null || lat === null ? {} : { location: [lon, lat] as const }),
    ...(attributes === null ? {} : { attributes }),
  };
}
