import type { Mapping } from "../mapping.ts";
import { type MappingDefinition, mappingFrom } from "../mapping-definition.ts";

/** A built-in mapping that is recognised only by a header with these columns, since others share the rest. */
export const knownBy = (columns: readonly string[], name: string, definition: MappingDefinition): Mapping => ({
  ...mappingFrom(name, definition),
  knownBy: columns,
});
