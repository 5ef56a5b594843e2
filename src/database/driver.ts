import type postgres from "postgres";

export type RawSql = postgres.Sql<{ bigint: number; numeric: number }>;

/**
 * A statement of postgres.js as its own connections see it. The driver's types hide these members.
 * `test/database/driver.test.ts` checks that they exist, so that a new version without them is noticed.
 */
export interface DriverQuery extends Promise<unknown> {
  /** Sends the statement. The driver calls it once, when the answer is awaited. */
  handler: (query: DriverQuery) => void;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  /** The secret of the connection that the statement was sent on. */
  state: unknown;
  active: boolean;
  /** The text around the values. A text that was given whole is the only one. */
  strings?: readonly string[];
  /**
   * Asks the server to stop the statement. The driver's own `cancel` drops this promise, so its failure would go
   * unseen.
   */
  canceller: ((query: DriverQuery) => Promise<void>) | null;
}

/** Whether a value is a statement, and not a name or a list of values. */
export const isQuery = (value: unknown): value is DriverQuery =>
  value instanceof Promise && "handler" in value && "strings" in value;

/** The function with which a pool of the driver sends each of its statements. */
export const handlerOf = (sql: RawSql): DriverQuery["handler"] => (sql`select 1` as unknown as DriverQuery).handler;
