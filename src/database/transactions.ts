import type postgres from "postgres";
import { tracedCall } from "../kit/tracing.ts";
import { type Connection, lostError } from "./connection.ts";
import { type DriverQuery, isQuery } from "./driver.ts";
import { statementAttributes } from "./spans.ts";
import { watch } from "./watch.ts";

type AnyTransaction = postgres.TransactionSql<{ bigint: number; numeric: number }>;
export type Work = (tx: AnyTransaction) => unknown;

/**
 * Runs a transaction on a connection. If the connection is lost, the transaction fails with the error of the loss, even
 * if its work handles it. The driver must not send its rollback then, since the connection is gone.
 *
 * @param hardMs how long one of its statements may take before the connection is thrown away
 */
export async function guardTransaction(
  connection: Connection,
  how: string,
  work: Work,
  hardMs: number | undefined,
): Promise<unknown> {
  const { lost } = connection;
  let lose = () => {};
  const loss = new Promise<never>((_, reject) => {
    lose = () => reject(lost.reason);
  });
  lost.addEventListener("abort", lose, { once: true });
  // `begin`, `commit` and `rollback` are the driver's own statements, which nothing else watches.
  const edges = edgeTimer(connection, hardMs);
  const begin = connection.sql.begin.bind(connection.sql) as unknown as (how: string, work: Work) => Promise<unknown>;
  edges.start();
  const outcome = begin(how, async (tx) => {
    edges.stop();
    try {
      return await run(connection, () => work(guarded(tx, connection, hardMs)));
    } finally {
      edges.start();
    }
  });
  // Nothing waits for the promise that settles second.
  outcome.catch(() => {});
  loss.catch(() => {});
  try {
    return await Promise.race([outcome, loss]);
  } catch (error) {
    // A failed connect closes no socket, and the server's last error comes before it closes one.
    if (isLoss(error)) connection.destroy(error as Error);
    throw error;
  } finally {
    edges.stop();
    lost.removeEventListener("abort", lose);
  }
}

function edgeTimer(connection: Connection, hardMs: number | undefined) {
  let timer: NodeJS.Timeout | undefined;
  return {
    start: () => {
      if (hardMs === undefined) return;
      timer = setTimeout(() => connection.destroy(lostError(`no answer within ${hardMs} ms`)), hardMs);
    },
    stop: () => clearTimeout(timer),
  };
}

const never = () => new Promise<never>(() => {});

async function run(connection: Connection, work: () => unknown): Promise<unknown> {
  try {
    const result = await work();
    if (connection.lost.aborted) return never();
    return result;
  } catch (error) {
    if (isLoss(error)) connection.destroy(error as Error);
    // Otherwise the driver would send its rollback.
    if (connection.lost.aborted) return never();
    throw error;
  }
}

/** Whether an error, or its cause, says that the connection is lost. */
function isLoss(error: unknown): boolean {
  const { code, severity, cause } = (error ?? {}) as { code?: unknown; severity?: unknown; cause?: unknown };
  if (severity === "FATAL") return true;
  if (typeof code === "string" && /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ETIMEDOUT|08)/.test(code)) return true;
  return cause !== undefined && cause !== null && isLoss(cause);
}

/** The transaction for its work. Each statement is watched, and none is sent once the connection is lost. */
function guarded(tx: AnyTransaction, connection: Connection, hardMs: number | undefined): AnyTransaction {
  const watched = (made: unknown) => {
    if (!isQuery(made)) return made;
    const { handler } = made;
    made.handler = (query: DriverQuery) => {
      const watched = () => new Promise<void>((ended) => watch(query, connection, hardMs, ended));
      void tracedCall("statement", () => statementAttributes(query), watched);
      if (!connection.lost.aborted) handler(query);
    };
    return made;
  };
  return new Proxy(tx, {
    apply: (target, self, args) => watched(Reflect.apply(target as never, self, args)),
    get: (target, key) => {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== "function") return value;
      if (key === "unsafe") return (...args: unknown[]) => watched(value.apply(target, args));
      if (key === "savepoint") {
        return async (work: Work) => {
          if (connection.lost.aborted) throw connection.lost.reason;
          return value.call(target, (inner: AnyTransaction) =>
            run(connection, () => work(guarded(inner, connection, hardMs))),
          );
        };
      }
      return value;
    },
  });
}
