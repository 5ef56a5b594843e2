import type { Mapping } from "../mapping.ts";

/** Small posts share commits, which would be in vain if each asked for the mappings by itself. */
const KEEP_MS = 1000;

export interface RememberedMappings {
  /** The mappings as they are, or were a second ago if another process has changed them. */
  customMappings: () => Promise<readonly Mapping[]>;
  /** This process has changed one. */
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
