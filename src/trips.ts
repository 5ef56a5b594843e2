import type { Area } from "./area.ts";
import type { StoredTrip } from "./trip.ts";
import type { Match } from "./weekly-averages.ts";

/** Which trips to list or count. Dates are local, `YYYY-MM-DD`, both included. */
export interface TripFilters {
  region?: string | undefined;
  source?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  area?: Area | undefined;
  match: Match;
  /** Only trips from some cells, each of which holds none of the others, to others, in an hour of some weekdays. */
  cluster?: { origins: string[]; destinations: string[]; hour: number; days?: number[] | undefined } | undefined;
}

/** Where a page of a list ended: the identity of its last trip. */
export interface Cursor {
  localTime: string;
  source: string;
  tripId: string;
}

export interface TripPage {
  trips: StoredTrip[];
  /** Undefined on the last page. */
  next: Cursor | undefined;
}

/** Newest first. */
export type ListTrips = (filters: TripFilters, limit: number, after?: Cursor) => Promise<TripPage>;

/** Every trip of a source with this id, by time: a known id at another time is another trip. */
export type FindTrips = (source: string, tripId: string, localTime?: string) => Promise<StoredTrip[]>;

/** What counts can be grouped by, beside any attribute. */
export const COUNT_COLUMNS = [
  "region",
  "source",
  "week",
  "day",
  "hour",
  "weekday",
  "driver",
  "rider",
  "vehicle_model",
] as const;
export type CountColumn = (typeof COUNT_COLUMNS)[number];
export type CountBy = { column: CountColumn } | { attribute: string };

/** Values in the order of `by`, then the count; the largest counts first. */
export interface TripCounts {
  /** Null where withheld. */
  total: number | null;
  /** What was left out for having fewer trips than that, if anything may be. */
  withheld?: { min_trips: number; groups: number };
  counts: { values: (string | number | null)[]; trips: number }[];
  /** There are more groups than were asked for. */
  truncated: boolean;
}

export type CountTrips = (filters: TripFilters, by: CountBy[], limit: number) => Promise<TripCounts>;
