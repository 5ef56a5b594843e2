import type { Feature, FeatureCollection, MultiPolygon, Polygon } from "geojson";

/** What the API answers, as far as this page shows it. */

export interface WeeklyAnswer {
  window: { from: string; to: string } | null;
  trips: number | null;
  weeks_in_window: number;
  average: number | null;
  trips_bounds?: [number, number];
  average_bounds?: [number | null, number | null];
  method: "exact" | "estimate";
  data_as_of: string;
  retired_before?: string;
  withheld?: { min_trips: number; weeks: number };
  hints?: string[];
  weeks: { week: string; start: string; trips: number | null; trips_bounds?: [number, number] }[];
}

export interface RegionFigures {
  name: string;
  trips: number | null;
  average: number | null;
  weeks_in_window: number;
}

export type RegionFeature = Feature<Polygon | MultiPolygon, RegionFigures>;
export type RegionsAnswer = FeatureCollection<Polygon | MultiPolygon, RegionFigures> & { data_as_of: string };

export interface Cluster {
  id: string;
  origin_cell: string;
  destination_cell: string;
  hour: number;
  origin: [lon: number, lat: number];
  destination: [lon: number, lat: number];
  trips: number;
  trips_per_week: number;
}

export interface ClusterAnswer {
  trips: number | null;
  truncated: boolean;
  weeks_in_window: number;
  clusters: Cluster[];
}

export interface Receipt {
  batch_id: string;
  state: "queued" | "running" | "committed" | "failed" | "undoing" | "undone";
  mapping: string | null;
  received: number;
  inserted: number;
  duplicates: number;
  rejected: number;
  rejects: { row: number; field: string; code: string; detail: string }[];
  error?: { code: string; detail: string };
  warnings?: { code: string; rows: number; detail: string }[];
  progress?: { bytes: number; bytes_done: number; rows_per_second: number; seconds_left: number | null };
  created_at: string;
}

export interface Import {
  import_id: string;
  file: string;
  state: Receipt["state"];
  batch_id: string;
  already_imported: boolean;
  error?: { code: string; detail: string };
}

export interface Alert {
  id: string;
  rule: string;
  at: string;
  detection?: { Make: string; Model: string; Category: string; Year: number };
  trip?: { source: string; trip_id: string };
}

export interface Suggestion {
  mapping: Record<string, unknown>;
  notes: string[];
  built_in?: string;
  trial?: {
    rows: number;
    trips: number;
    rejected: number;
    equal: number;
    rejects: { row: number; field: string; detail: string }[];
  };
}
