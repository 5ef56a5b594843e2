import { randomUUID } from "node:crypto";
import type { Sql } from "../database/client.ts";

/** The id of this process. The notes that a process leaves do not count as its own deaths. */
const PROCESS = randomUUID();
/** A week is tried once more by itself, and is then set aside. */
const MAX_DEATHS = 2;
/** A live process removes its note within this many seconds, even after it has lost its connection. */
const LIVES_WITHIN_S = 60;
/** A week that was set aside is tried again after this many hours: the process may have ended for another reason. */
const FORGOTTEN_AFTER_H = 24;

export interface Attempts {
  /** Weeks during whose refresh one process ended. Each is refreshed by itself, to find the week that caused it. */
  suspects: ReadonlySet<string>;
  /** Weeks that another process may still be refreshing, or has just left. They are checked again later. */
  underWay: ReadonlySet<string>;
  /** Weeks during whose refresh processes ended again. They stay pending, and are answered from the trips. */
  setAside: ReadonlySet<string>;
}

interface Row {
  week: string;
  deaths: number;
  is_under_way: boolean;
}

/** Reads the notes of processes that ended during a refresh. */
export async function readAttempts(sql: Sql): Promise<Attempts> {
  const rows = await sql<Row[]>`
    select week, deaths + (process <> ${PROCESS})::int as deaths,
           process <> ${PROCESS} and began_at > now() - make_interval(secs => ${LIVES_WITHIN_S}) as is_under_way
    from tripgrid_internal.refresh_attempts where began_at > now() - make_interval(hours => ${FORGOTTEN_AFTER_H})`;
  const weeksOf = (isSo: (row: Row) => boolean) => new Set(rows.filter(isSo).map(({ week }) => week));
  return {
    underWay: weeksOf((row) => row.is_under_way),
    suspects: weeksOf((row) => !row.is_under_way && row.deaths > 0 && row.deaths < MAX_DEATHS),
    setAside: weeksOf((row) => !row.is_under_way && row.deaths >= MAX_DEATHS),
  };
}

/** Removes the notes that this process could not remove at the time, because its connection was lost. */
export async function forgetOwnAttempts(sql: Sql): Promise<void> {
  await sql`delete from tripgrid_internal.refresh_attempts where process = ${PROCESS}`;
}

/** Notes that the refresh of these weeks begins. */
export async function beginAttempt(sql: Sql, weeks: readonly string[]): Promise<void> {
  await sql`
    insert into tripgrid_internal.refresh_attempts as a (week, process)
    select week, ${PROCESS} from unnest(${weeks as string[]}::date[]) week
    on conflict (week) do update
    set process = excluded.process, began_at = now(),
        deaths = case when a.process = excluded.process then a.deaths
                      when a.began_at < now() - make_interval(hours => ${FORGOTTEN_AFTER_H}) then 0
                      else a.deaths + 1 end`;
}

/** Removes the notes after the refresh has succeeded or failed: this process is alive. */
export async function endAttempt(sql: Sql, weeks: readonly string[]): Promise<void> {
  await sql`delete from tripgrid_internal.refresh_attempts where week = any (${weeks as string[]}::date[])`;
}

/** Counts the weeks that are set aside. */
export async function countSetAside(sql: Sql): Promise<number> {
  return (await readAttempts(sql)).setAside.size;
}
