import { type Kysely, type RawBuilder, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import { nextTurn } from "../kit/event-loop.ts";
import { LAYERS, type TileFilters } from "./layers.ts";
import { pointIn, TileWriter } from "./mvt.ts";
import { coverOf, degreesOf, gridOf, type Tile, toMetres } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

/** A trip takes up to 50 µs and 85 bytes: with 2,500 of them, tiles of a large city took 70 to 150 ms, and up to half a second the first time. */
const MAX_TRIPS = 1000;
/** A tile with so many trips or fewer has all of them. */
const COMPLETE = 500;
const MAX_COVER = 128;
/** Trips that are written at a time, which takes a few milliseconds. */
const AT_ONCE = 1000;

const IDENTITY = ["source", "trip_id", "local_time"];

/** `part` is the cell in which a trip was found, `place` how many were found there with it. */
type Row = Record<string, string | number | boolean | null> & { lon: number; lat: number; part: string; place: number };

/**
 * Draws single trips. Where there are too many, some of each cell are drawn, so that no part of the tile stays empty.
 * Nothing is drawn where single trips are not shown.
 */
export async function drawTrips(db: Kysely<DB>, tile: Tile, f: TileFilters): Promise<DrawnTile> {
  const box = degreesOf(tile);
  const cells = coverOf(box, 7, MAX_COVER);
  const end = f.match === "destination" ? "destination" : "origin";
  const [lon, lat] = [sql.ref(`t.${end}_lon`), sql.ref(`t.${end}_lat`)];
  const when = [
    sql`true`,
    ...(f.from === undefined ? [] : [sql`t.local_time >= date_trunc('week', ${f.from}::timestamp)`]),
    ...(f.to === undefined ? [] : [sql`t.local_time < date_trunc('week', ${f.to}::timestamp) + interval '7 days'`]),
    ...(f.hours === undefined ? [] : [sql`extract(hour from t.local_time)::int = any (${f.hours}::int[])`]),
    ...(f.days === undefined ? [] : [sql`extract(isodow from t.local_time)::int = any (${f.days}::int[])`]),
  ];
  const whose = [
    sql`${lon} between ${box[0]} and ${box[2]} and ${lat} between ${box[1]} and ${box[3]}`,
    ...(f.source === undefined ? [] : [sql`(t.source = ${f.source}) is true`]),
    ...(f.region === undefined ? [] : [sql`t.region = ${f.region}`]),
  ];
  const all = (conditions: readonly RawBuilder<unknown>[]) => sql.join(conditions, sql` and `);
  const columns = sql`${sql.join(Object.keys(LAYERS.trips.fields).map((name) => sql.ref(`t.${name}`)))}, ${lon} as lon, ${lat} as lat`;
  const [shownCell, cell, point] = [sql.ref(`t.${end}_cell`), sql.ref(`t.${end[0]}_cell`), sql.ref(`t.${end}`)];
  const inCell = (name: RawBuilder<unknown>) =>
    sql`${name} >= k.cell collate "C" and ${name} < k.cell || '{' collate "C"`;
  // The index on the cell has the time and the point too, so it tells alone which trips are in the tile, and at which hours: by
  // the table a tile took two to three times as long. Trips of one cell and time follow each other there, and are looked up together:
  // by a range of times, since with an equal time the planner takes the index on the time, and with no page in memory a screen of tiles
  // took 1.2 to 1.4 times as long.
  const found = sql`
    select s.cell, s.local_time
    from (select ${cell} as cell, t.local_time, lag(${cell}) over () as cell_before, lag(t.local_time) over () as time_before
          from tripgrid.trips t
          where ${inCell(cell)} and st_x(${point}) between ${box[0]} and ${box[2]} and st_y(${point}) between ${box[1]} and ${box[3]}
            and t.local_time >= l.columnar_before and ${all(when)} offset 0) s
    where (s.cell, s.local_time) is distinct from (s.cell_before, s.time_before) offset 0`;
  // The columnstore is unpacked a thousand trips at a time, so there one pass finds them all.
  const find = (parts: readonly string[], most: number) => sql<Row>`
    select t.* from (select s.columnar_before from tripgrid.settings s) l cross join unnest(${parts}::text[]) k (cell)
    cross join lateral (
      select t.*, k.cell as part, (row_number() over ())::int as place
      from (select t.* from (${found}) s
            cross join lateral (
              select ${columns} from bi.trips t
              where ${shownCell} = s.cell and t.local_time between s.local_time and s.local_time and ${all(whose)} offset 0) t
            union all
            select ${columns} from bi.trips t
            where ${inCell(shownCell)} and t.local_time < l.columnar_before and ${all([...when, ...whose])}) t
      limit ${sql.lit(most + 1)}) t
    order by t.local_time, t.source, t.trip_id`;
  const { rows, isTruncated } = await shareOut(cells, async (parts, most) => {
    const found = await translateErrors(() => find(parts, most).execute(db));
    return found.rows;
  });
  const grid = gridOf(tile);
  const writer = new TileWriter("trips");
  let before: Row | undefined;
  for (const [i, row] of rows.entries()) {
    if (i % AT_ONCE === AT_ONCE - 1) await nextTurn();
    // A time that was found twice has its trips twice.
    const isNew = !before || IDENTITY.some((name) => before?.[name] !== row[name]);
    before = row;
    const { lon: x, lat: y, part: _, place: __, ...properties } = row;
    if (isNew) writer.add({ geometry: pointIn(grid(toMetres(x, y))), properties });
  }
  return { bytes: writer.finish(), isTruncated };
}

/**
 * Finds as many trips in each cell, and where cells have fewer, more in those that have more.
 *
 * @param find the first trips of some cells, one more of each than is asked for if there are more
 * @returns all trips if there are at most `COMPLETE`, else at most about `MAX_TRIPS`
 */
async function shareOut(cells: readonly string[], find: (cells: readonly string[], most: number) => Promise<Row[]>) {
  let kept: Row[] = [];
  let parts = cells;
  let most = Math.ceil(MAX_TRIPS / cells.length);
  for (;;) {
    const found = await find(parts, most);
    const cut = new Set(found.flatMap(({ part, place }) => (place > most ? [part] : [])));
    const rows = [...kept, ...found.filter(({ place }) => place <= most)];
    if (cut.size === 0 || rows.length > COMPLETE) return { rows, isTruncated: cut.size > 0 };
    kept = rows.filter(({ part }) => !cut.has(part));
    parts = [...cut];
    most += Math.ceil((MAX_TRIPS - rows.length) / cut.size);
  }
}
