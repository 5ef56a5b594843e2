import type { Wiring } from "../wiring.ts";
import type { DeleteLookup, PutLookup } from "./lookup.ts";
import { deleteLookup, findLookup, listLookups, putLookup, rememberLookups } from "./lookups.db.ts";

/** @returns the calls of the API, and the lookups of a mapping for code that reads rows */
export function wireLookups({ sql, questions }: Wiring) {
  const { lookupsFor, forget } = rememberLookups(sql);
  const put: PutLookup = (name, places) => putLookup(sql, name, places).finally(forget);
  const remove: DeleteLookup = (name) => deleteLookup(sql, name).finally(forget);
  const calls = {
    putLookup: put,
    findLookup: findLookup.bind(null, questions),
    listLookups: () => listLookups(questions),
    deleteLookup: remove,
  };
  return { calls, lookupsFor };
}
