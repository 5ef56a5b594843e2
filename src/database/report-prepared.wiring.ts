import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Prepared } from "./prepare.ts";

/** Logs what the start changed in the database, and a setting that comes too late. */
export function reportPrepared(prepared: Prepared, config: Config, log: Logger): void {
  const { engine, timeZone, migrated, functionsReplaced } = prepared;
  log.info(
    { engine, time_zone: timeZone ?? "by place", migrations: migrated.length, functions_replaced: functionsReplaced },
    "database is up to date",
  );
  if (config.timeZone !== undefined && config.timeZone !== timeZone) {
    log.warn(
      `TRIPGRID_TIME_ZONE is ${config.timeZone}, but the database keeps ${timeZone ?? "that of each place"}, with which it was set up`,
    );
  }
}
