import { pino } from "pino";
import { afterAll, beforeAll } from "vitest";
import { type Config, readConfig } from "../../src/config.ts";
import { createClient, type Sql } from "../../src/db/client.ts";
import { type Service, startService } from "../../src/service.ts";
import { freshDatabase, type TestDatabase } from "./databases.ts";

/**
 * A stop that takes longer was held up by a client: only the service's last resort, after 20 s, then ends it. Far from what a
 * stop takes, since a busy machine and a refresh under way took one to 4 s.
 */
export const HELD_UP_MS = 15_000;

export interface TestService extends Service {
  database: TestDatabase;
  /**
   * A client of the test's own on the service's database. On the embedded engine both share one session: a transaction
   * that is left open makes the service wait, and `SET` holds for it too.
   */
  sql: Sql;
  /** Stops the service and drops its database. */
  stop(): Promise<void>;
}

/**
 * Starts the service in this process on a database of its own.
 *
 * @param overrides what differs from the default settings
 * @param database another one than a fresh copy; it is dropped in the end all the same
 */
export async function startTestService(overrides: Partial<Config> = {}, database?: TestDatabase): Promise<TestService> {
  const own = database ?? (await freshDatabase());
  try {
    const config = { ...readConfig({ ...own.env, PORT: "0" }), ...overrides };
    const service = await startService(config, pino({ level: "silent" }), (error) => {
      throw error;
    });
    const sql = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    const stop = async () => {
      await sql.end({ timeout: 5 });
      await service.stop();
      await own.drop();
    };
    return { ...service, database: own, sql, stop };
  } catch (error) {
    await own.drop();
    throw error;
  }
}

/** One service for all tests of the file or `describe` block that this is called in; it can be used once they run. */
export function useService(overrides: Partial<Config> = {}): TestService {
  const service = {} as TestService;
  beforeAll(async () => {
    Object.assign(service, await startTestService(overrides));
  });
  afterAll(() => service.stop?.());
  return service;
}
