/** What a caller may be allowed to do, and what each of it is. No scope includes another. */
export const SCOPE_TITLES = {
  ingest: "Send trips, follow their batches, correct them",
  read: "Ask for counts, averages and clusters",
  trips: "Read single trips",
  admin: "Manage keys, users, regions, mappings and rollups",
} as const;

export type Scope = keyof typeof SCOPE_TITLES;

export const SCOPES = Object.keys(SCOPE_TITLES) as readonly Scope[];
