import type { LookupsFor } from "../lookups/lookup.ts";
import { suggestText } from "./suggest-text.ts";
import type { Suggest } from "./suggestion.ts";

/** Wires the proposals, which use the lookups that are defined. */
export function wireSuggestions(lookupsFor: LookupsFor): { suggest: Suggest } {
  return { suggest: (open, options) => suggestText(open, options, lookupsFor) };
}
