import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import type { Sql } from "./client.ts";
import type { DB } from "./schema.ts";

/**
 * Kysely on one of our pools, so that its statements end like all others. Kysely only builds statements here:
 * `sql.begin` makes a transaction, and `unsafe` sends a compiled statement in it.
 */
export function createKysely(sql: Sql): Kysely<DB> {
  const refuse = async () => {
    throw new Error("Transactions are made by sql.begin.");
  };
  const connection: DatabaseConnection = {
    executeQuery: async <R>({ sql: text, parameters }: CompiledQuery) => ({
      rows: (await sql.unsafe(text, parameters as never[])) as unknown as R[],
    }),
    streamQuery: () => {
      throw new Error("Rows are streamed by a cursor in a transaction.");
    },
  };
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => ({
        init: async () => {},
        acquireConnection: async () => connection,
        beginTransaction: refuse,
        commitTransaction: refuse,
        rollbackTransaction: refuse,
        releaseConnection: async () => {},
        destroy: async () => {},
      }),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }).withSchema("tripgrid");
}
