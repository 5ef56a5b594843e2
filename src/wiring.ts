import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { Sql } from "./database/client.ts";
import { createKysely } from "./database/kysely.ts";
import type { Lanes } from "./database/lanes.ts";
import { type CheckCost, costChecker } from "./database/query-cost.ts";
import type { DB } from "./database/schema.ts";
import type { AnswerDeps } from "./kit/answer.http.ts";
import { type ClientRates, createClientRates } from "./kit/client-rates.ts";
import type { LogError } from "./kit/on-error.http.ts";
import { currentRecord } from "./kit/request-record.ts";
import { createRoom, type Room, SHARES } from "./kit/room.ts";
import { createMetrics, type Metrics } from "./monitoring/metrics.ts";

/**
 * The dependencies that all rooms share. `service.ts` creates them once. The `wiring` of a room takes those it needs.
 */
export interface Wiring {
  config: Config;
  intervals: Intervals;
  log: Logger;
  logError: LogError;
  lanes: Lanes;
  /** For calls that a writing client waits for. Every call ends by a deadline. */
  sql: Sql;
  /** For calls that a client with a question waits for. */
  questions: Sql;
  /** `questions` with a query builder. */
  db: Kysely<DB>;
  /** Refuses a statement that would read too many rows. */
  check: CheckCost;
  room: Room;
  /** Limits what each client takes. */
  clientRates: ClientRates;
  metrics: Metrics;
  /** For writing large answers. */
  answers: AnswerDeps;
}

/** How often the service looks for work by itself, in milliseconds. Undefined: never. */
export interface Intervals {
  /** For files in the inbox. */
  inboxMs: number | undefined;
  /** For queued batches that others left. */
  batchesMs: number;
  /** For weeks that the rollups lack. Undefined: the rollups are not refreshed on demand either. */
  rollupsMs: number | undefined;
}

export const INTERVALS: Intervals = { inboxMs: 5000, batchesMs: 1000, rollupsMs: 5000 };

/**
 * @param config the settings
 * @param lanes the connections, which the caller closes in the end
 * @param log where faults go
 */
export function openWiring(config: Config, lanes: Lanes, log: Logger, intervals: Intervals): Wiring {
  const room = createRoom(config.maxBufferedBytes);
  const questions = lanes.questions.sql;
  const logError: LogError = (error, { method, path }) =>
    log.error({ err: error, method, path, request_id: currentRecord()?.id }, "request failed");
  return {
    ...{ config, intervals, log, logError, lanes, room, questions, metrics: createMetrics() },
    clientRates: createClientRates(config.rates),
    sql: lanes.ingest.within(ingestDeadlineMs(config)),
    db: createKysely(questions),
    check: costChecker(questions, config.maxQueryRows),
    answers: {
      room,
      minBytesPerS: config.minBytesPerS,
      // The other half is kept for the first parts of later answers.
      maxAheadBytes: (config.maxBufferedBytes * SHARES.answers) / 2,
      logError,
    },
  };
}

/**
 * The deadline is longer on the embedded engine. It has one session, so a write may wait for a refresh of the rollups
 * or for a long question.
 */
export const ingestDeadlineMs = ({ ingestTimeoutMs, databaseUrl }: Config): number =>
  databaseUrl === undefined ? 6 * ingestTimeoutMs : ingestTimeoutMs;
