import type { Mapping } from "./mapping.ts";

/**
 * Lifetime of the remembered list. Small posts share commits; that would be useless if each post loaded the mappings.
 */
const KEEP_MS = 1000;

export interface RememberedMappings {
  /** The current mappings. A change by another process appears after at most a second. */
  customMappings: () => Promise<readonly Mapping[]>;
  /** Must be called when this process changes a mapping. */
  forget: () => void;
}

export function rememberMappings(listMappings: () => Promise<readonly Mapping[]>): RememberedMappings {
  let known: { list: Promise<readonly Mapping[]>; until: number } | undefined;
  const forget = () => {
    known = undefined;
  };
  return {
    customMappings: () => {
      if (known && known.until > Date.now()) return known.list;
      const list = listMappings();
      known = { list, until: Date.now() + KEEP_MS };
      list.catch(forget);
      return list;
    },
    forget,
  };
}
