import postgres from "postgres";
import { AppError, type ErrorCode } from "../errors.ts";
import { type DriverOptions, openSocket } from "./connection.ts";
import { createPool, type Pool, type PoolOptions } from "./pool.ts";

/** A pool of connections. Every function in this folder takes it, or a transaction on it. */
export type Sql = postgres.Sql<{ bigint: number; numeric: number }>;
export type Transaction = postgres.TransactionSql<{ bigint: number; numeric: number }>;

/** Where a database is: a URL, or the socket folder of the embedded engine. */
export type Address = { url: string } | { socketFolder: string };

export interface ClientOptions extends Omit<PoolOptions, "connectTimeoutMs"> {
  /** Schemas to look names up in, so that PostGIS is found in any schema. */
  searchPath?: string;
  /** Time limit of one statement. Undefined: no limit. The embedded engine knows no such limit. */
  statementTimeoutMs?: number;
}

/**
 * Opens a pool. It fixes the types of returned values: `bigint` and `numeric` as numbers (counts stay below 2^53),
 * `date` and `timestamp` as ISO text without zone, `timestamptz` as ISO text in UTC.
 */
export function openPool(address: Address, options: ClientOptions): Pool {
  // The embedded engine has one session: a new connection waits for the work of another one, such as a refresh of the
  // rollups. If the engine is gone, its socket is gone too, and connecting fails at once.
  const connectS = "url" in address ? 10 : 600;
  const common: postgres.Options<{ bigint: postgres.PostgresType<number>; numeric: postgres.PostgresType<number> }> = {
    max: 1,
    connect_timeout: connectS,
    idle_timeout: 0,
    // Connections are not closed for their age: otherwise one would seem lost every half hour.
    max_lifetime: null,
    // A network may swallow bytes. The system then ends the connection within minutes, even without a time limit.
    keep_alive: 30,
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
      // Queries on areas are planned with their values, and compiling takes longer than most of them run.
      jit: "off",
      statement_timeout: options.statementTimeoutMs ?? 0,
      ...(options.searchPath ? { search_path: options.searchPath } : {}),
    } as unknown as Partial<postgres.ConnectionParameters>,
    socket: (target: DriverOptions) => openSocket(target, connectS * 1000),
  } as never;
  const template =
    "url" in address
      ? postgres(address.url, common)
      : postgres({ ...common, path: `${address.socketFolder}/.s.PGSQL.5432`, user: "postgres", database: "postgres" });
  return createPool(template as Sql, { ...options, connectTimeoutMs: connectS * 1000 });
}

/** Opens a pool for callers that only need its `sql`. */
export const createClient = (address: Address, options: ClientOptions): Sql => openPool(address, options).sql;

const isoLocal = (text: string) => text.replace(" ", "T");

function isoInstant(text: string): string {
  // The session's zone is UTC, so only the spelling changes and the microseconds stay.
  return text.endsWith("+00") ? `${text.slice(0, -3).replace(" ", "T")}Z` : new Date(text).toISOString();
}

/** SQLSTATEs that our own SQL functions raise, with a message written for the caller. */
const OURS = {
  TG001: "invalid_area",
  TG002: "invalid_parameter",
  TG003: "not_found",
  TG004: "time_zone_locked",
  TG005: "week_retired",
} as const;

/**
 * Runs a call and turns the errors that a caller may see into an AppError: those of our own SQL functions, and a
 * database that is away, full or out of time. Any other error stays as it is, and ends as `internal` without its text.
 */
export async function translateErrors<T>(call: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await call();
  } catch (error) {
    throw translated(error, performance.now() - began);
  }
}

function translated(error: unknown, tookMs: number): unknown {
  const { code, message = "", detail } = error as { code?: string; message?: string; detail?: string };
  if (error instanceof AppError || typeof code !== "string") return error;
  const as = (to: ErrorCode, text: string, retryAfterSeconds?: number) =>
    new AppError(to, text, {}, { cause: error, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
  if (code in OURS) {
    return new AppError(OURS[code as keyof typeof OURS], message, detailOf(detail), { cause: error });
  }
  if (isFull(code, message)) {
    return as(
      "insufficient_storage",
      "The database has no room left on its disk; nothing was stored. Send it again later.",
      30,
    );
  }
  if (isAway(code)) return as("database_unavailable", "The database cannot be reached.", 2);
  if (code === "40P01" || code === "40001") {
    const text = "Too many requests wrote the same trips at the same moment; nothing was stored. Send it again.";
    return as("database_unavailable", text, 2);
  }
  // GEOS does not report that it was stopped. If it ran long, the time limit ended it.
  if (code === "57014" || (isOfGeos(code, message) && tookMs > 1000)) {
    return as("query_timeout", "The database gave up at its limit of time: ask about less at once, or later.", 60);
  }
  // 38000 comes from the embedded engine, whose GEOS does not try another way if the first one fails. 54000 is an array
  // that grows too large because edges cross in too many places.
  if (code === "38000" || code === "54000" || isOfGeos(code, message)) {
    return as(
      "invalid_area",
      "PostGIS cannot compute with this area: unite its polygons or simplify them, and ask again.",
    );
  }
  return error;
}

const isOfGeos = (code: string, message: string) =>
  code === "XX000" && /threw an exception|GEOS|TopologyException|lwgeom|lwpoly/i.test(message);

/** Whether the disk is full, or the system cannot write a file for that reason. */
const isFull = (code: string, message: string) =>
  code === "53100" ||
  (/^(58|XX|57P|08)/.test(code) &&
    /No space left on device|could not (write|extend|create) .*(file|relation|directory)/i.test(message));

/** Our functions put machine-readable members into the error's detail, as JSON. */
function detailOf(detail: string | undefined): Record<string, unknown> {
  try {
    return detail ? JSON.parse(detail) : {};
  } catch {
    return {};
  }
}

/**
 * Whether a code says that the database is away. These are the codes of the driver and Node for a lost connection, and
 * the classes of PostgreSQL for a fault of the server and not of the statement: 08 connection, 25006 a standby, 28 and
 * 3D000 a login or database that was changed meanwhile, 53 out of memory or of connections, 55P03 a lock that another
 * session keeps, 57P shutting down or starting up, 58 the system.
 */
export function isAway(code: string): boolean {
  return /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EAI_AGAIN|ENOENT|EPIPE|EMFILE|ENFILE|EADDRNOTAVAIL|08|25006|28|3D000|53[234]|55P03|57P|58)/.test(
    code,
  );
}
