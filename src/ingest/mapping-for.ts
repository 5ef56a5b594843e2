import { knownFields, lacks, type Mapping, recognise } from "../mapping.ts";
import { chooseMapping } from "./choose-mapping.ts";
import { BUILT_IN } from "./mappings/built-in.ts";
import type { Form } from "./sent-row.ts";

/** The mapping of some rows. Those that somebody defined are only asked for where no built-in one will do. */
export async function mappingFor(
  name: string | undefined,
  sent: { form: Form; fields: readonly string[] },
  customMappings: () => Promise<readonly Mapping[]>,
): Promise<Mapping> {
  return chooseMapping(name, sent, isBuiltIn(name, sent.fields) ? [] : await customMappings());
}

function isBuiltIn(name: string | undefined, fields: readonly string[]): boolean {
  if (name !== undefined) return isBuiltInName(name);
  const mapping = recognise(BUILT_IN, fields);
  return mapping !== undefined && knownFields(mapping, fields) > 0 && lacks(mapping, fields).length === 0;
}

export const isBuiltInName = (name: string): boolean => BUILT_IN.some((mapping) => mapping.name === name);
