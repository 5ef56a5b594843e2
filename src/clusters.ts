import type { Area } from "./area.ts";
import type { WeeklyFilters, Window } from "./weekly-averages.ts";

/** Which ends of a trip must lie in the area. */
export const CLUSTER_MATCHES = ["origin", "destination", "both"] as const;
export type ClusterMatch = (typeof CLUSTER_MATCHES)[number];

/** Cells as the grid has them, or neighbouring ones joined. */
export const CLUSTER_GROUPS = ["cells", "hotspots"] as const;
export type ClusterGroup = (typeof CLUSTER_GROUPS)[number];

export const CLUSTER_ORDERS = ["trips", "distance", "duration", "id"] as const;
export type ClusterOrder = (typeof CLUSTER_ORDERS)[number];

export const MAX_CLUSTERS = 10_000;

export interface ClusterQuestion extends WeeklyFilters {
  area?: Area | undefined;
  region?: string | undefined;
  match: ClusterMatch;
  /** Characters of a cell, 4 to 7. */
  precision?: number | undefined;
  group: ClusterGroup;
  min_trips?: number | undefined;
  order: ClusterOrder;
  limit: number;
  /** Just this one. */
  only?: string | undefined;
}

/** Longitude, latitude in degrees: the mean over the cluster's trips. */
type Point = [number, number];

export interface Cluster {
  id: string;
  origin_cell: string;
  destination_cell: string;
  /** Local hour of the start, 0 to 23. */
  hour: number;
  origin: Point;
  destination: Point;
  trips: number;
  trips_per_week: number;
  /** Of the trips of the area. */
  share: number;
  mean_duration_s: number | null;
  median_duration_s: number | null;
  /** Great circle, as the median. */
  mean_distance_m: number;
  median_distance_m: number;
  /** Of a hot spot: the cells that were joined. */
  origin_cells?: string[];
  destination_cells?: string[];
}

export interface ClusterAnswer {
  window: Window;
  weeks_in_window: number;
  /** All that match; null if they are withheld. */
  trips: number | null;
  /** Null where just the biggest were counted: there are more. */
  clusters_found: number | null;
  truncated: boolean;
  /** What was left out for having fewer trips than that. */
  withheld?: { min_trips: number; clusters: number | null };
  data_as_of: string;
  /** Trips of earlier weeks are gone, so these are left out. */
  retired_before?: string;
  clusters: Cluster[];
}

export type Clusters = (question: ClusterQuestion) => Promise<ClusterAnswer>;

/** What a cluster's id says of it. */
export interface ClusterName {
  group: ClusterGroup;
  precision: number;
  origin: string;
  destination: string;
  hour: number;
}

const ID = /^(hot-)?([0-9b-hjkmnp-z]{4,7})-([0-9b-hjkmnp-z]{4,7})-([01]\d|2[0-3])$/;

/** Reads an id, such as `u0j2q-u0j2r-08`, or of hot spots `hot-u0j2qxy-u0j2rzz-08`; undefined if it is none. */
export function clusterName(id: string): ClusterName | undefined {
  const [, hot, origin = "", destination = "", hour] = ID.exec(id) ?? [];
  if (origin === "" || origin.length !== destination.length) return undefined;
  return { group: hot ? "hotspots" : "cells", precision: origin.length, origin, destination, hour: Number(hour) };
}
