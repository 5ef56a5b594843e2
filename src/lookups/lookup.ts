import type { Point } from "../geo/point.ts";

/** The places of a lookup, by their ids. */
export type Places = ReadonlyMap<string, Point>;

/** Lookups by their names. */
export type Lookups = ReadonlyMap<string, Places>;

/** The part of a mapping that names lookups. */
export interface NamesLookups {
  columns: Readonly<Record<string, { lookup?: string | undefined }>>;
}

/**
 * The lookups that a mapping names.
 *
 * @throws AppError missing_lookup if one is not defined
 */
export type LookupsFor = (mapping: NamesLookups) => Promise<Lookups>;

/** A place as it is sent: an id with its point or its area as GeoJSON. */
export interface SentPlace {
  id: string;
  geometry: { type: string; coordinates: unknown; crs?: unknown };
}

/** A lookup without its places. */
export interface LookupSummary {
  name: string;
  /** The number of its places. */
  places: number;
  created_at: string;
  updated_at: string;
}

/**
 * Defines a lookup or replaces it. A place that is an area is stored as a point inside of it.
 *
 * @throws AppError invalid_body for an area that is not valid
 */
export type PutLookup = (name: string, places: readonly SentPlace[]) => Promise<LookupSummary & { created: boolean }>;
/** A lookup with its places; undefined: there is none of the name. */
export type FindLookup = (name: string) => Promise<(LookupSummary & { points: Places }) | undefined>;
export type ListLookups = () => Promise<LookupSummary[]>;
/** Resolves to whether the lookup existed. */
export type DeleteLookup = (name: string) => Promise<boolean>;

/** The names of the lookups that a mapping needs. */
export const lookupNames = ({ columns }: NamesLookups): string[] => [
  ...new Set(Object.values(columns).flatMap(({ lookup }) => lookup ?? [])),
];
