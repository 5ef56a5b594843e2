import { connect, type Socket } from "node:net";
import postgres from "postgres";
import { type DriverQuery, handlerOf, type RawSql } from "./driver.ts";

/**
 * One connection to the database: an instance of postgres.js that connects once.
 *
 * The driver's own pool reuses the object of a connection after its loss. Bytes that wait to be written at that moment
 * are never sent, statements on a reserved connection are never answered, and the rollback of a transaction goes to the
 * next connection. Here a closed connection is thrown away, and all callers that wait for it get an error.
 */
export interface Connection {
  /** For transactions. It must not be used once the connection is lost. */
  readonly sql: RawSql;
  /** Sends a statement that any instance of the driver made. */
  send: DriverQuery["handler"];
  /** The statement that was sent last, by `send` or in a transaction. It holds the server's id of the connection. */
  last: DriverQuery | undefined;
  /** Aborts when the connection is lost, with the error that says why. */
  readonly lost: AbortSignal;
  /** Closes it at once, even with a statement under way. */
  destroy(reason: Error): void;
  /** Asks the server to stop the statement under way, over a separate connection. Resolves once the request is sent. */
  cancel(): Promise<void>;
  /** Closes it when the work under way has ended, or after `timeout` seconds. */
  end(how?: { timeout?: number }): Promise<void>;
}

/** The options as the driver has parsed them. All instances made from them share the types that they learn. */
export type DriverOptions = RawSql["options"] & { host: string[]; port: number[]; path: string | false | undefined };

/**
 * @param template an instance that never connects: its options are copied, and it sends cancel requests
 * @param fetchTypes whether the driver must first ask for the types of arrays, as it must once for a database
 * @param connectTimeoutMs time limit for opening the socket to the server
 */
export function openConnection(template: RawSql, fetchTypes: boolean, connectTimeoutMs: number): Connection {
  const closing = new AbortController();
  let socket: Socket | undefined;
  const lose = (reason: Error) => {
    if (!closing.signal.aborted) closing.abort(reason);
  };
  const closed = () => lose(lostError("the connection to the database was closed"));
  const options = {
    ...template.options,
    max: 1,
    fetch_types: fetchTypes,
    onclose: closed,
    socket: async (target: DriverOptions) => {
      if (socket || closing.signal.aborted) throw lostError("the connection to the database is closed");
      try {
        socket = await openSocket(target, connectTimeoutMs, closing.signal);
      } catch (error) {
        lose(error as Error);
        throw error;
      }
      socket.once("close", closed);
      return socket;
    },
  };
  const sql = postgres(options as never) as RawSql;
  const self: Connection = {
    sql,
    send: handlerOf(sql),
    last: undefined,
    lost: closing.signal,
    destroy: (reason) => {
      lose(reason);
      socket?.destroy();
      // This clears the driver's timers. Nothing is left to wait for.
      void sql.end({ timeout: 0 }).catch(() => {});
    },
    cancel: async () => {
      const state = self.last?.state;
      if (closing.signal.aborted || !isBackend(state)) return;
      const request = template`` as unknown as DriverQuery;
      request.state = state;
      request.active = true;
      await request.canceller?.(request);
    },
    end: async (how) => {
      await sql.end(how);
      closed();
    },
  };
  return self;
}

const isBackend = (state: unknown) => typeof (state as { pid?: unknown } | undefined)?.pid === "number";

/** An error with the driver's own code for a closed connection. */
export const lostError = (message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code: "CONNECTION_CLOSED" });

/** Opens a socket to the server, also for a cancel request. */
export function openSocket(target: DriverOptions, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  const [host = "localhost"] = target.host;
  const [port = 5432] = target.port;
  return new Promise((resolve, reject) => {
    const socket = target.path ? connect(target.path) : connect(port, host);
    // The driver reads the host to check the name in a certificate.
    Object.assign(socket, { host, port });
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: "CONNECT_TIMEOUT" })),
      timeoutMs,
    );
    const aborted = () => fail(signal?.reason as Error);
    signal?.addEventListener("abort", aborted, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      socket.off("error", fail);
      resolve(socket);
    });
  });
}
