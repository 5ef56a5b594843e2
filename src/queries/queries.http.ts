import type { Endpoint } from "../kit/endpoint.http.ts";
import { type AskQuery, getQuerySchema, postQuery } from "./query.http.ts";
import type { DeleteQuery, FindQuery, ListQueries, PutQuery } from "./query.ts";
import { getQueryResult, otherEndpoints, putQueryEndpoint } from "./saved-queries.http.ts";

interface Deps extends AskQuery {
  putQuery: PutQuery;
  findQuery: FindQuery;
  listQueries: ListQueries;
  deleteQuery: DeleteQuery;
}

/** The endpoints for user-defined queries, which run at once or are saved under a name. */
export const endpoints = (deps: Deps): Endpoint[] => [
  postQuery(deps),
  getQuerySchema(),
  putQueryEndpoint(deps.putQuery, deps.limits),
  getQueryResult(deps.findQuery, deps),
  ...otherEndpoints(deps),
];
