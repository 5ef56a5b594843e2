import { pino } from "pino";
import { afterAll, beforeAll } from "vitest";
import { type Config, readConfig } from "../../src/config.ts";
import { createClient, type Sql } from "../../src/database/client.ts";
import { type Service, startService } from "../../src/service.ts";
import type { Intervals } from "../../src/wiring.ts";
import { freshDatabase, type TestDatabase } from "./databases.ts";
import { lookForSecrets } from "./leaks.ts";

/** The rollups are refreshed only when a test does it. */
export const NO_REFRESH: Partial<Intervals> = { rollupsMs: undefined };

/** Deadlines that only what hangs reaches: a busy machine took more than the 10 s that a write has by default. */
const PATIENT: Partial<Config> = { ingestTimeoutMs: 120_000, questionTimeoutMs: 300_000, questionWaitMs: 300_000 };

export interface TestService extends Service {
  database: TestDatabase;
  /**
   * A client of the test's own on the service's database. On the embedded engine both share one session: a transaction
   * that is left open makes the service wait, and `SET` holds for it too.
   */
  sql: Sql;
  /** The messages that it logged as warnings or worse, so far. */
  warnings: string[];
  /** Stops the service and drops its database. */
  stop(): Promise<void>;
}

/**
 * Starts the service in this process on a database of its own.
 *
 * @param overrides what differs from the default settings
 * @param database another one than a fresh copy; it is dropped in the end all the same
 * @param intervals how often it looks for work by itself
 */
export async function startTestService(
  overrides: Partial<Config> = {},
  database?: TestDatabase,
  intervals: Partial<Intervals> = {},
): Promise<TestService> {
  const own = database ?? (await freshDatabase());
  try {
    const config = { ...readConfig({ ...own.env, PORT: "0" }), ...PATIENT, ...overrides };
    const warnings: string[] = [];
    const log = pino(
      { level: "warn" },
      {
        write: (line) => {
          lookForSecrets("the log", line);
          warnings.push(JSON.parse(line).msg);
        },
      },
    );
    const onCrash = (error: Error) => {
      throw error;
    };
    const service = await startService(config, log, onCrash, intervals);
    const sql = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    const stop = async () => {
      await sql.end({ timeout: 5 });
      await service.stop();
      await own.drop();
    };
    return { ...service, database: own, sql, warnings, stop };
  } catch (error) {
    await own.drop();
    throw error;
  }
}

/** One service for all tests of the file or `describe` block that this is called in; it can be used once they run. */
export function useService(overrides: Partial<Config> = {}, intervals: Partial<Intervals> = {}): TestService {
  const service = {} as TestService;
  beforeAll(async () => {
    Object.assign(service, await startTestService(overrides, undefined, intervals));
  });
  afterAll(() => service.stop?.());
  return service;
}
