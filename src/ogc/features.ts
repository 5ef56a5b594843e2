import type { PolygonGeometry } from "../geo/area.ts";
import type { Collection } from "./collection.ts";
import type { Filter } from "./cql2.ts";
import type { Crs } from "./crs.ts";

/** Instants, both included. Undefined: open. */
export interface Interval {
  from: string | undefined;
  to: string | undefined;
}

/** Which features of a collection are read. */
export interface FeatureQuery {
  collection: Collection;
  /** In degrees, longitude first. */
  bbox: PolygonGeometry | undefined;
  datetime: Interval | undefined;
  /** Checked: see checked-filter.ts. */
  filters: readonly Filter[];
  sortBy: readonly SortKey[];
  /** Only features after the one with these values of the sort keys and of the collection's keys. */
  after: readonly FeatureValue[] | undefined;
  limit: number;
  /** The system of the coordinates that are returned. */
  crs: Crs;
}

export interface SortKey {
  property: string;
  isDescending: boolean;
}

export type FeatureValue = string | number | boolean | null;

export interface Feature {
  /** GeoJSON text; null: there is no geometry. */
  geometry: string | null;
  properties: Readonly<Record<string, FeatureValue>>;
}

export interface FeaturePage {
  features: Feature[];
  /** Whether there are more after the last one. */
  hasMore: boolean;
}

/** @throws AppError query_too_large */
export type ReadFeatures = (query: FeatureQuery) => Promise<FeaturePage>;

/** Finds the feature with these values of the collection's keys. */
export type FindFeature = (
  collection: Collection,
  keys: readonly (string | null)[],
  crs: Crs,
) => Promise<Feature | undefined>;

/** Where and when all trips are, as of the rollups. */
export interface Extent {
  /** West, south, east, north, degrees. Undefined: there are no trips and no regions. */
  bbox: readonly [number, number, number, number] | undefined;
  /** The first and last hour, as if local times were UTC. */
  interval: readonly [string | null, string | null];
}

export type ReadExtent = () => Promise<Extent>;

/** By the keys of a feature: those that sort, and then those of the collection. */
export const orderOf = ({ collection, sortBy }: Pick<FeatureQuery, "collection" | "sortBy">): SortKey[] => [
  ...sortBy,
  ...collection.keys.map((property) => ({ property, isDescending: collection.isDescending })),
];
