import type postgres from "postgres";

type AnySql = postgres.Sql<{ bigint: number; numeric: number }>;
type AnyTransaction = postgres.TransactionSql<{ bigint: number; numeric: number }>;
type Work = (tx: AnyTransaction) => unknown;

/**
 * Ends a transaction where its connection is lost. postgres.js would send what comes next, be it only the rollback, on
 * the connection that it makes afterwards: there each statement would be a transaction of its own.
 *
 * The outcome of such a transaction is the driver's error; what was still to be done in it is never gone on with.
 *
 * @param isLoss whether an error says that the connection is lost
 */
export function withSafeTransactions<S extends AnySql>(sql: S, isLoss: (error: unknown) => boolean): S {
  const begin = sql.begin.bind(sql) as unknown as (options: string, work: Work) => Promise<unknown>;
  const safe = (first: string | Work, second?: Work) => {
    const [options, work] = typeof first === "string" ? [first, second] : ["", first];
    const state: State = { isLost: false, isLoss };
    const outcome = begin(options, (tx) => run(state, () => work?.(guarded(tx, state))));
    outcome.catch(() => {
      state.isLost = true;
    });
    return outcome;
  };
  return Object.assign(sql, { begin: safe });
}

interface State {
  isLost: boolean;
  isLoss: (error: unknown) => boolean;
}

const never = () => new Promise<never>(() => {});

async function run(state: State, work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    // The driver rejects the transaction by itself once the connection has closed.
    if (state.isLost || state.isLoss(error)) return never();
    throw error;
  }
}

/** The transaction as its work sees it: once it is lost, nothing that is asked of it is answered. */
function guarded(tx: AnyTransaction, state: State): AnyTransaction {
  return new Proxy(tx, {
    apply: (target, self, args) => (state.isLost ? never() : Reflect.apply(target as never, self, args)),
    get: (target, key) => {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== "function") return value;
      if (key === "savepoint") {
        return (work: Work) =>
          value.call(target, (inner: AnyTransaction) => run(state, () => work(guarded(inner, state))));
      }
      if (key === "unsafe") return (...args: unknown[]) => (state.isLost ? never() : value.apply(target, args));
      return value;
    },
  });
}
