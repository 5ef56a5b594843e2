import { AppError } from "../errors.ts";
import type { Reading } from "../text/text-format.ts";
import { BUILT_IN } from "./built-in.ts";
import { chooseMapping, fittingBuiltIn, type Sent } from "./choose-mapping.ts";
import type { Mapping } from "./mapping.ts";

/** Loads the mappings that were defined here, beside those built in. */
export type CustomMappings = () => Promise<readonly Mapping[]>;

/**
 * Chooses the mapping of some rows. Loads the custom mappings only if they can matter.
 *
 * @param source who reports the rows, as the request says; it stands for the mapping's own constant
 * @throws AppError no_mapping, ambiguous_mapping, source_required; invalid_parameter for an unknown name
 */
export async function mappingFor(
  name: string | undefined,
  sent: Sent,
  customMappings: CustomMappings,
  source?: string,
): Promise<Mapping> {
  const custom = isDecided(name, sent, source) ? [] : await customMappings();
  const mapping = chooseMapping(name, sent, custom, source);
  if (source !== undefined) return { ...mapping, constants: { ...mapping.constants, source } };
  if (!mapping.asksSource) return mapping;
  const detail = `The format ${mapping.name} is used by several systems: name yours with the parameter source=NAME.`;
  throw new AppError("source_required", detail, { mapping: mapping.name });
}

function isDecided(name: string | undefined, { fields }: Sent, source: string | undefined): boolean {
  if (name !== undefined) return isBuiltInName(name);
  const found = fittingBuiltIn(fields);
  return found.length > 0 && (source !== undefined || found.every(({ asksSource }) => !asksSource));
}

export const isBuiltInName = (name: string): boolean => BUILT_IN.some((mapping) => mapping.name === name);

/** What a named mapping says of how a text is read. An unknown name says nothing here, and is refused later. */
export async function readingBy(name: string | undefined, customMappings: CustomMappings): Promise<Reading> {
  if (name === undefined) return {};
  const known = isBuiltInName(name) ? BUILT_IN : await customMappings();
  const mapping = known.find((one) => one.name === name);
  return { rows: mapping?.rows, hasHeader: mapping?.header };
}
