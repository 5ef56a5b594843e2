import type { Area } from "./area.ts";

/** Which end of a trip must lie in the area. */
export const MATCHES = ["origin", "destination", "both", "either"] as const;
export type Match = (typeof MATCHES)[number];

/** Whether trips of the cells that the area's edge crosses are tested one by one, or counted by the cells' share inside. */
export const METHODS = ["exact", "estimate"] as const;
export type Method = (typeof METHODS)[number];

/** Which trips a question is about, apart from the area. Dates are local, `YYYY-MM-DD`; the whole weeks that hold them count. */
export interface WeeklyFilters {
  source?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Hours of the day, 0 to 23, of the local start. */
  hours?: number[] | undefined;
  /** ISO weekdays, 1 is Monday. */
  days?: number[] | undefined;
}

export interface WeeklyQuestion extends WeeklyFilters {
  area?: Area | undefined;
  region?: string | undefined;
  match: Match;
  method: Method;
}

/** Mondays, local; `to` is not included. Null where no trip was found and the question names no dates. */
export type Window = { from: string; to: string } | null;

/** What was left out for having fewer trips than that. */
export interface Withheld {
  min_trips: number;
}

interface Averages {
  /** Null where withheld. */
  trips: number | null;
  weeks_in_window: number;
  average: number | null;
  weeks_with_trips: number;
  average_over_weeks_with_trips: number | null;
}

/** The exact figure is not less than the first and not more than the second. */
export type Bounds = [lower: number | null, upper: number | null];

export interface WeeklyAnswer extends Averages {
  window: Window;
  method: Method;
  /** Every trip committed before this instant is counted. */
  data_as_of: string;
  /** If weeks of the window are retired, the first that is none: of the earlier ones the trips are gone. */
  retired_before?: string;
  /** If groups of few trips are withheld, and how many weeks are. */
  withheld?: Withheld & { weeks: number };
  weeks: { week: string; start: string; trips: number | null; trips_bounds?: [number, number] }[];
  /** Bounds come with an estimate, and with exact questions about an area's retired weeks, which are answered by one; those of the averages hold for every window it could be. */
  trips_bounds?: [number, number];
  average_bounds?: Bounds;
  weeks_with_trips_bounds?: [number, number];
  average_over_weeks_with_trips_bounds?: Bounds;
}

export interface ByRegionAnswer {
  window: Window;
  weeks_in_window: number;
  data_as_of: string;
  withheld?: Withheld & { regions: number };
  regions: ({ region: string | null } & Omit<Averages, "weeks_in_window" | "weeks_with_trips"> & {
      weeks_with_trips: number | null;
    })[];
}

export type WeeklyAverages = (question: WeeklyQuestion) => Promise<WeeklyAnswer>;
export type WeeklyAveragesByRegion = (filters: WeeklyFilters) => Promise<ByRegionAnswer>;
