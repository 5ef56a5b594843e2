import { currentBound, currentOwner, maySee, ownerToSee } from "../kit/bounds.ts";
import type { Wiring } from "../wiring.ts";
import { explainQuery, runQuery } from "./query.db.ts";
import type {
  DeleteQuery,
  ExplainQuery,
  FindQuery,
  ListQueries,
  PutQuery,
  Query,
  RunQuery,
  TripLeaf,
} from "./query.ts";
import { deleteQuery, findQuery, listQueries, putQuery } from "./saved-queries.db.ts";

interface Calls {
  runQuery: RunQuery;
  explainQuery: ExplainQuery;
  putQuery: PutQuery;
  findQuery: FindQuery;
  listQueries: ListQueries;
  deleteQuery: DeleteQuery;
}

export const wireQueries = ({ sql, questions, db, check }: Wiring): Calls => ({
  runQuery: async (query) => runQuery(db, questions, check, bounded(query)),
  explainQuery: async (query) => explainQuery(db, questions, bounded(query)),
  putQuery: (name, query) => putQuery(sql, name, query, currentOwner() ?? null, maySee(null)),
  findQuery: (name) => findQuery(sql, name, ownerToSee()),
  listQueries: () => listQueries(sql, ownerToSee()),
  deleteQuery: (name) => deleteQuery(sql, name, currentOwner() ?? null, maySee(null)),
});

/** The query of a bound caller with one condition more: the trips are its own. */
function bounded(query: Query): Query {
  const bound = Object.entries(currentBound() ?? {}) as ["source" | "region", string][];
  if (bound.length === 0) return query;
  const conditions = bound.map(([column, value]): TripLeaf => ({ field: { column }, test: { compare: "=", value } }));
  return { ...query, where: { and: [query.where, ...conditions] } };
}
