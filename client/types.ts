/** A trip as it is sent. Times without an offset are local to the origin. Points are [longitude, latitude] in degrees. */
export interface NativeTrip {
  trip_id?: string;
  source: string;
  region?: string;
  started_at: string;
  ended_at?: string;
  origin: unknown;
  destination?: unknown;
  attributes?: Record<string, unknown>;
  [field: string]: unknown;
}

/** What became of a batch. Once it is committed, received = inserted + duplicates + rejected. */
export interface Receipt {
  batch_id: string;
  state: "queued" | "running" | "committed" | "failed" | "undoing" | "undone";
  received: number;
  inserted: number;
  duplicates: number;
  rejected: number;
  rejects: { row: number; trip_id: string | null; field: string; code: string; detail: string }[];
  error?: { code: string; detail: string } | undefined;
  links: { self: string; events: string; rejects: string };
}

/** The parameters of `GET /v1/weekly-averages`. Dates are local: YYYY-MM-DD. */
export interface WeeklyQuestion {
  /** West, south, east, north in degrees. */
  bbox?: string;
  boundary?: string;
  region?: string;
  source?: string;
  from?: string;
  to?: string;
  match?: "origin" | "destination" | "both" | "either";
  hours?: string;
  days?: string;
  method?: "exact" | "estimate";
}

export interface WeeklyAnswer {
  window: { from: string; to: string } | null;
  trips: number | null;
  weeks_in_window: number;
  average: number | null;
  method: "exact" | "estimate";
  data_as_of: string;
  weeks: { week: string; start: string; trips: number | null }[];
}

export interface Counts {
  total: number | null;
  groups: Record<string, unknown>[];
}

/** The body of an error reply (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  request_id?: string | undefined;
  errors?: { field: string; detail: string }[] | undefined;
  [more: string]: unknown;
}
