import { createWriteStream, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import type { AreaDatabase } from "./area-database.ts";
import { DAYS, dateOf } from "./area-days.ts";
import { inWindow, type PeerCounts } from "./area-peers.ts";
import type { Question } from "./area-questions.ts";

/** DuckDB with the same trips, in memory: their times and points as columns, in the order of weeks. */
export interface DuckDb {
  /** Boxes only: its spatial extension cannot be installed everywhere. */
  ask(question: Question): Promise<PeerCounts>;
  loadSeconds: number;
  version: string;
  stop(): void;
}

const THREADS = 2;
/** How much is on its way in a file at a time, so that a hundred million trips need no room for all of them. */
const DAYS_AT_ONCE = 28;

export async function openDuckDb({ sql, target }: AreaDatabase): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(":memory:", { threads: String(THREADS) });
  const duck = await instance.connect();
  const started = performance.now();
  await duck.run("create table trips (local_time timestamp, lon double, lat double)");
  const file = join(target.folder, "trips.csv");
  for (let day = 0; day < DAYS; day += DAYS_AT_ONCE) {
    // Numbers are written so that reading them gives the same ones.
    const copy = await sql
      .unsafe(
        `copy (select local_time, st_x(origin), st_y(origin) from tripgrid.trips
               where local_time >= '${dateOf(day)}' and local_time < '${dateOf(day + DAYS_AT_ONCE)}'
               order by date_trunc('week', local_time)) to stdout (format csv)`,
      )
      .readable();
    await pipeline(copy, createWriteStream(file));
    // The driver leaves its socket paused where the last data came faster than they were written; this lets it go on.
    copy._read(0);
    await duck.run(`insert into trips from read_csv('${file}', header = false, columns =
      {'local_time': 'timestamp', 'lon': 'double', 'lat': 'double'})`);
    rmSync(file);
  }
  const loadSeconds = (performance.now() - started) / 1000;
  const [version] = (await duck.runAndReadAll("select version()")).getRows()[0] ?? [];
  return {
    loadSeconds,
    version: String(version),
    ask: async (question) => {
      const [west, south, east, north] = question.box ?? [];
      const rows = await duck.runAndReadAll(`
        select date_trunc('week', local_time)::date::varchar, count(*)::double from trips
        where lon between ${west} and ${east} and lat between ${south} and ${north} and ${inWindow(question)}
        group by 1`);
      return new Map(rows.getRows() as [string, number][]);
    },
    stop: () => {
      duck.closeSync();
      instance.closeSync();
    },
  };
}
