import postgres from "postgres";
import { AppError } from "../errors.ts";
import { lastingPool } from "./lasting-pool.ts";
import { withSafeTransactions } from "./safe-transactions.ts";

/** One pool of connections; every function in this folder takes it, or a transaction on it. */
export type Sql = postgres.Sql<{ bigint: number; numeric: number }>;
export type Transaction = postgres.TransactionSql<{ bigint: number; numeric: number }>;

/** Where a database is: a URL, or the socket folder of the embedded engine. */
export type Address = { url: string } | { socketFolder: string };

export interface ClientOptions {
  max: number;
  /** Where names are looked up, so that PostGIS is found in whatever schema it was installed. */
  searchPath?: string;
  /** How long one statement may take; none: as long as it needs. The embedded engine knows no such limit. */
  statementTimeoutMs?: number;
}

/**
 * Opens a pool. How values come back is decided here, once: `bigint` and `numeric` as numbers (counts stay below 2^53),
 * `date` and `timestamp` as ISO text without zone, `timestamptz` as ISO text in UTC.
 */
export function createClient(address: Address, options: ClientOptions): Sql {
  const common: postgres.Options<{ bigint: postgres.PostgresType<number>; numeric: postgres.PostgresType<number> }> = {
    max: options.max,
    // The embedded engine has one session: a new connection waits for whatever another one has begun, such as a
    // refresh of the rollups. If the engine is gone, so is its socket, which shows at once.
    connect_timeout: "url" in address ? 10 : 600,
    idle_timeout: 0,
    // Connections are not closed for their age, or every half hour would look like a loss.
    max_lifetime: null,
    // Seconds between two tries to connect; the driver's own grow to 20, for which requests would wait.
    backoff: () => 0.2,
    onnotice: () => {},
    types: {
      bigint: { to: 20, from: [20], serialize: String, parse: Number },
      numeric: { to: 1700, from: [1700], serialize: String, parse: Number },
      date: { to: 1082, from: [1082], serialize: String, parse: (text: string) => text },
      timestamp: { to: 1114, from: [1114], serialize: String, parse: isoLocal },
      timestamptz: { to: 1184, from: [1184], serialize: String, parse: isoInstant },
    } as unknown as { bigint: postgres.PostgresType<number>; numeric: postgres.PostgresType<number> },
    connection: {
      application_name: "tripgrid",
      TimeZone: "UTC",
      // Areas are planned with the values at hand; compiling them takes longer than most of them run.
      jit: "off",
      statement_timeout: options.statementTimeoutMs ?? 0,
      ...(options.searchPath ? { search_path: options.searchPath } : {}),
    } as unknown as Partial<postgres.ConnectionParameters>,
  };
  return lastingPool((onclose) => {
    const all = { ...common, onclose };
    const embedded = (folder: string) =>
      postgres({ ...all, path: `${folder}/.s.PGSQL.5432`, user: "postgres", database: "postgres" });
    const sql = "url" in address ? postgres(address.url, all) : embedded(address.socketFolder);
    return withSafeTransactions(sql as Sql, isLost);
  });
}

/** Whether an error, or what it was made of, says that the connection is lost. */
function isLost(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === "string" && isAway(code)) return true;
  return cause !== undefined && cause !== null && isLost(cause);
}

const isoLocal = (text: string) => text.replace(" ", "T");

function isoInstant(text: string): string {
  // The session's zone is UTC, so this is a change of spelling only and keeps microseconds.
  return text.endsWith("+00") ? `${text.slice(0, -3).replace(" ", "T")}Z` : new Date(text).toISOString();
}

/** SQLSTATEs that our own SQL functions raise, with a message written for the caller. */
const OURS = {
  TG001: "invalid_area",
  TG002: "invalid_parameter",
  TG003: "not_found",
  TG004: "time_zone_fixed",
  TG005: "week_retired",
} as const;

/**
 * Runs a call and turns what a caller may know into an AppError: the errors our own SQL functions raise, and a database
 * that is away. Everything else stays as it is, and ends as `internal` without its text.
 */
export async function translateErrors<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  const { code, message, detail } = error as { code?: string; message?: string; detail?: string };
  if (typeof code !== "string") return error;
  if (code in OURS) {
    return new AppError(OURS[code as keyof typeof OURS], message ?? "", detailOf(detail), { cause: error });
  }
  if (code === "38000") {
    // Only on the embedded engine, whose GEOS does not try another way where the first one fails.
    const detail = "PostGIS cannot compute with this area: unite its polygons or simplify them, and ask again.";
    return new AppError("invalid_area", detail, {}, { cause: error });
  }
  if (isAway(code)) {
    return new AppError(
      "database_unavailable",
      "The database cannot be reached.",
      {},
      {
        cause: error,
        retryAfterSeconds: 2,
      },
    );
  }
  if (code === "40P01" || code === "40001") {
    const detail = "Too many requests wrote the same trips at the same moment; nothing was stored. Send it again.";
    return new AppError("database_unavailable", detail, {}, { cause: error, retryAfterSeconds: 2 });
  }
  if (code === "57014") {
    return new AppError(
      "took_too_long",
      "The database gave up after a minute: ask about less at once, or later.",
      {},
      { cause: error, retryAfterSeconds: 60 },
    );
  }
  return error;
}

/** Our functions put machine-readable members into the error's detail, as JSON. */
function detailOf(detail: string | undefined): Record<string, unknown> {
  try {
    return detail ? JSON.parse(detail) : {};
  } catch {
    return {};
  }
}

/** postgres.js's and Node's codes for a lost connection, and PostgreSQL's classes 08 and 57P (shutting down, starting up). */
export function isAway(code: string): boolean {
  return /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EAI_AGAIN|ENOENT|EPIPE|08|57P|53300)/.test(
    code,
  );
}
