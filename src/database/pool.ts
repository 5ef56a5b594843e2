import { AppError } from "../errors.ts";
import { type Caller, currentCaller } from "../kit/caller.ts";
import { tracedCall } from "../kit/tracing.ts";
import { type Connection, lostError, openConnection } from "./connection.ts";
import { type DriverQuery, isQuery, type RawSql } from "./driver.ts";
import { statementAttributes, TRANSACTION } from "./spans.ts";
import { guardTransaction, type Work } from "./transactions.ts";
import { createWaitingLine, type LineOptions } from "./waiting-line.ts";
import { watch } from "./watch.ts";

export interface PoolOptions extends LineOptions {
  connectTimeoutMs: number;
  /**
   * Time until the connection of an unanswered statement is thrown away. It is longer than the server lets the
   * statement run, so it only meets a server or a network that does not answer. Undefined: no limit.
   */
  hardMs?: number | undefined;
  /**
   * Whether calls belong to the client of the request under way. If so, clients take turns, and a client that hangs up
   * stops waiting. Writes do not, since many clients share a commit.
   */
  isForCallers?: boolean | undefined;
  /** Whether the statement of a client that hangs up is stopped. The embedded engine cannot stop one. */
  canCancel?: boolean | undefined;
}

/** The pool, and its figures for the metrics. */
export interface Pool {
  sql: RawSql;
  /**
   * The same connections for callers with a deadline. A call that has no answer by then fails, whether or not its
   * statement goes on.
   */
  within(deadlineMs: number): RawSql;
  /**
   * Checks whether a call of the caller would be let into the line, before work is spent on it.
   *
   * @throws AppError too_many_requests, overloaded
   */
  check(): void;
  stats(): { open: number; busy: number; waiting: number };
}

/**
 * Connections of one purpose, behind the interface of postgres.js. Each serves one statement or transaction at a time.
 * Every call ends: with an answer, with the server's error, or with the loss of its connection.
 *
 * @param template an instance of the driver that never connects
 */
export function createPool(template: RawSql, options: PoolOptions): Pool {
  const line = createWaitingLine(options);
  const open = new Set<Connection>();
  const idle: Connection[] = [];
  /** Connections of clients that have hung up: a cancel request may still be on its way to them. */
  const doomed = new WeakSet<Connection>();
  let hasTypes = false;
  let isEnding = false;
  const callerNow = () => (options.isForCallers ? currentCaller() : undefined);

  const connection = (): Connection => {
    for (let one = idle.pop(); one; one = idle.pop()) if (!one.lost.aborted) return one;
    const made = openConnection(template, !hasTypes, options.connectTimeoutMs);
    open.add(made);
    made.lost.addEventListener("abort", () => {
      open.delete(made);
      // This clears the driver's state of the connection.
      made.destroy(made.lost.reason);
    });
    return made;
  };

  /** Waits for a connection and works on it. The connection is free again when the promise of the work resolves. */
  async function withConnection(
    caller: Caller | undefined,
    late: AbortSignal | undefined,
    work: (connection: Connection) => Promise<unknown>,
  ): Promise<void> {
    const leave = await line.enter(caller, late);
    try {
      if (isEnding) throw lostError("the pool of connections is closed");
      const mine = connection();
      await work(mine);
      if (doomed.has(mine)) mine.destroy(lostError("the client has hung up"));
      if (mine.lost.aborted) return;
      hasTypes = true;
      idle.push(mine);
    } finally {
      leave();
    }
  }

  /** Throws the connection away if its caller hangs up. Returns a function that stops listening for that. */
  function whileListening(mine: Connection, caller: Caller | undefined): () => void {
    if (!caller || !options.canCancel) return () => {};
    const hungUp = () => {
      doomed.add(mine);
      const end = () => {
        // A connection that was still opening when the client left only has the server's id now.
        void mine.cancel().catch(() => {});
        mine.destroy(lostError("the client has hung up"));
      };
      const timer = setTimeout(end, CANCEL_MS);
      void mine.cancel().then(
        () => setTimeout(end, CANCEL_GRACE_MS),
        () => end(),
      );
      mine.lost.addEventListener("abort", () => clearTimeout(timer));
    };
    if (caller.signal.aborted) hungUp();
    caller.signal.addEventListener("abort", hungUp, { once: true });
    return () => caller.signal.removeEventListener("abort", hungUp);
  }

  /** Sends a statement. Resolves when its connection is done with it. */
  function send(query: DriverQuery, mine: Connection): Promise<void> {
    return new Promise((ended) => {
      watch(query, mine, options.hardMs, ended);
      mine.send(query);
    });
  }

  /** Runs a statement in a span that ends with the connection's work on it. */
  const run = (query: DriverQuery, deadlineMs: number | undefined) =>
    tracedCall(
      "statement",
      () => statementAttributes(query),
      () => runStatement(query, deadlineMs),
    ).catch(() => {});

  /** Settles the statement. Rejects as well if it failed. */
  async function runStatement(query: DriverQuery, deadlineMs: number | undefined): Promise<void> {
    const caller = callerNow();
    let failure: { error: unknown } | undefined;
    const { reject } = query;
    const fail = (error: unknown) => {
      failure ??= { error };
      reject(error);
    };
    query.reject = fail;
    const deadline = startDeadline(deadlineMs, fail);
    try {
      await withConnection(caller, deadline.signal, async (mine) => {
        const stopListening = whileListening(mine, caller);
        await send(query, mine).finally(stopListening);
      });
    } catch (error) {
      fail(error);
    } finally {
      deadline.stop();
    }
    if (failure) throw failure.error;
  }

  const begin = (first: string | Work, second: Work | undefined, deadlineMs: number | undefined) =>
    tracedCall(
      "transaction",
      () => TRANSACTION,
      () => runTransaction(first, second, deadlineMs),
    );

  function runTransaction(
    first: string | Work,
    second: Work | undefined,
    deadlineMs: number | undefined,
  ): Promise<unknown> {
    const [how, work] = typeof first === "string" ? [first, second as Work] : ["", first];
    const caller = callerNow();
    return new Promise((resolve, reject) => {
      const deadline = startDeadline(deadlineMs, reject);
      withConnection(caller, deadline.signal, async (mine) => {
        const stopListening = whileListening(mine, caller);
        await guardTransaction(mine, how, work, options.hardMs).then(resolve, reject).finally(stopListening);
      })
        .catch(reject)
        .finally(deadline.stop);
    });
  }

  async function end(how?: { timeout?: number }): Promise<void> {
    isEnding = true;
    await Promise.all([...open].map((one) => one.end(how)));
  }

  const facade = (deadlineMs: number | undefined): RawSql => {
    const guarded = (made: unknown) => {
      if (isQuery(made)) made.handler = (query) => void run(query, deadlineMs);
      return made;
    };
    const own: Record<string, unknown> = {
      begin: (first: string | Work, second?: Work) => begin(first, second, deadlineMs),
      unsafe: (...args: Parameters<RawSql["unsafe"]>) => guarded(template.unsafe(...args)),
      end,
    };
    return new Proxy(template, {
      apply: (target, self, args) => guarded(Reflect.apply(target as never, self, args)),
      get: (target, key) => own[key as string] ?? Reflect.get(target, key),
    });
  };
  return {
    sql: facade(undefined),
    within: facade,
    check: () => line.check(callerNow()),
    stats: () => ({ open: open.size, busy: line.serving(), waiting: line.waiting() }),
  };
}

/** A server that a cancel request does not reach within this time counts as unreachable. */
const CANCEL_MS = 1000;
/** After this time the server has the request: it stops the statement before it sees that its client is gone. */
const CANCEL_GRACE_MS = 100;

/**
 * Rejects a call when its time is up. A statement with a connection goes on. A statement that still waits for one is
 * dropped.
 */
function startDeadline(ms: number | undefined, reject: (error: unknown) => void) {
  if (ms === undefined) return { signal: undefined, stop: () => {} };
  const late = new AbortController();
  const timer = setTimeout(() => {
    const error = noAnswer(ms);
    reject(error);
    late.abort(error);
  }, ms);
  return { signal: late.signal, stop: () => clearTimeout(timer) };
}

const noAnswer = (deadlineMs: number) =>
  new AppError(
    "database_unavailable",
    `The database did not answer within ${deadlineMs / 1000} s. Whether what was sent is stored is not known: send it again, with the same Idempotency-Key if it had one.`,
    {},
    { retryAfterSeconds: 2 },
  );
