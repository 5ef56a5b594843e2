import type { Wiring } from "../wiring.ts";
import { withBuiltIn } from "./built-in.ts";
import { deleteMapping, findMapping, listMappings, putMapping } from "./mappings.db.ts";
import { rememberMappings } from "./remember-mappings.ts";

/** @returns the calls of the API, and the lookup of custom mappings for code that reads rows */
export function wireMappings({ sql }: Wiring) {
  const { customMappings, forget } = rememberMappings(() => listMappings(sql));
  const calls = withBuiltIn({
    putMapping: (mapping) => putMapping(sql, mapping).finally(forget),
    findMapping: findMapping.bind(null, sql),
    listMappings: listMappings.bind(null, sql),
    deleteMapping: (name) => deleteMapping(sql, name).finally(forget),
  });
  return { calls, customMappings };
}
