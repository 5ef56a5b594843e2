import { AppError } from "../errors.ts";
import { bikes } from "./formats/bikes.ts";
import { mds } from "./formats/mds.ts";
import { taxis } from "./formats/taxis.ts";
import { geojson } from "./geojson.ts";
import type { DeleteMapping, FindMapping, ListMappings, Mapping, PutMapping, StoredMapping } from "./mapping.ts";
import { native } from "./native.ts";
import { tripsCsv } from "./trips-csv.ts";
import { xrides } from "./xrides.ts";

/**
 * The formats that every service knows. For JSON that fits none, the first of the closest is taken.
 */
export const BUILT_IN: readonly Mapping[] = [native, tripsCsv, xrides, geojson, ...bikes, ...taxis, ...mds];

interface Calls {
  putMapping: PutMapping;
  findMapping: FindMapping;
  listMappings: ListMappings;
  deleteMapping: DeleteMapping;
}

/** The same calls over stored and built-in mappings. Built-in mappings can be neither replaced nor deleted. */
export function withBuiltIn({ putMapping, findMapping, listMappings, deleteMapping }: Calls): Calls {
  const builtIn = BUILT_IN.map((mapping): StoredMapping => {
    return { ...mapping, builtIn: true, createdAt: null, updatedAt: null };
  });
  const find = (name: string) => builtIn.find((mapping) => mapping.name === name);
  return {
    putMapping: async (mapping) => putMapping(notBuiltIn(mapping, find(mapping.name))),
    findMapping: async (name) => find(name) ?? findMapping(name),
    listMappings: async () => [...builtIn, ...(await listMappings()).filter(({ name }) => !find(name))],
    deleteMapping: async (name) => deleteMapping(notBuiltIn(name, find(name))),
  };
}

function notBuiltIn<T>(value: T, found: Mapping | undefined): T {
  if (!found) return value;
  const detail = `The mapping ${found.name} is built in: it can be neither replaced nor deleted. Give yours another name.`;
  throw new AppError("mapping_built_in", detail);
}
