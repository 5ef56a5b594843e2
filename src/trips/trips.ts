import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Area } from "../geo/area.ts";
import { match, namedArea, withArea } from "../geo/area-question.ts";
import { name } from "../kit/storable.ts";
import { date, days, hours } from "../time/week.ts";
import { StoredTrip } from "./trip.ts";

/** The filters that the list and the counts of trips share. */
export const tripFilters = {
  region: name.optional(),
  source: name.optional(),
  date: date.optional().meta({ description: "One local day; not together with from and to" }),
  from: date.optional().meta({ description: "First local day" }),
  to: date.optional().meta({ description: "Last local day" }),
  hours: hours.optional(),
  days: days.optional(),
  ...namedArea,
  match,
};
const TripQuery = z.object(tripFilters);
type TripQuery = z.infer<typeof TripQuery>;

/** Which trips to list or count. Dates are local, `YYYY-MM-DD`, both included. */
export interface TripFilters extends Omit<TripQuery, "date" | keyof typeof namedArea> {
  area?: Area | undefined;
  /** Areas in which the trips begin, and in which they end. */
  origin?: Area | undefined;
  destination?: Area | undefined;
  /**
   * Only trips from these origin cells to these destination cells, in this hour of these weekdays. No cell of a list
   * holds another one of it.
   */
  cluster?: { origins: string[]; destinations: string[]; hour: number; days?: number[] | undefined } | undefined;
}

/** Trip filters from query parameters. */
export function filtersFrom({ date, from, to, ...filters }: TripQuery): TripFilters {
  const fault =
    date && (from || to)
      ? "give either date or from and to"
      : from && to && from > to
        ? `${from} is after to, ${to}`
        : undefined;
  if (fault) {
    const field = date ? "date" : "from";
    throw new AppError("invalid_parameter", `${field}: ${fault}`, { errors: [{ field, detail: fault }] });
  }
  return { ...withArea(filters), from: date ?? from, to: date ?? to };
}

/** The end of a page of a list: the identity of its last trip. */
export interface Cursor {
  localTime: string;
  source: string;
  tripId: string;
}

/** A page of trips in a reply. */
export const TripPageReply = z
  .object({ trips: z.array(StoredTrip), next_cursor: z.string().nullable() })
  .meta({ id: "TripPage" });

export interface TripPage {
  trips: StoredTrip[];
  /** Undefined on the last page. */
  next: Cursor | undefined;
}

/** Newest first. */
export type ListTrips = (filters: TripFilters, limit: number, after?: Cursor) => Promise<TripPage>;

/** The first two trips of a source with this id, by time. A known id at another time is another trip. */
export type FindTrips = (source: string, tripId: string, localTime?: string) => Promise<StoredTrip[]>;

/** The first two trips with a number; see `trip-number.ts`. */
export type FindByNumber = (number: number) => Promise<StoredTrip[]>;

/** The times of the trips of a source with this id. */
export type FindLocalTimes = (source: string, tripId: string) => Promise<string[]>;

/** The columns that counts can be grouped by, besides any attribute. */
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

const Value = z.union([z.string(), z.number()]).nullable();
/** Counts in a reply. */
export const TripCountsReply = z
  .object({
    by: z.array(z.string()),
    total: z.int().nullable().meta({ description: "Null if so few that they are withheld" }),
    withheld: z.object({ min_trips: z.int(), groups: z.int() }).optional().meta({
      description: "How many groups are left out, where TRIPGRID_MIN_GROUP_SIZE asks for it",
    }),
    counts: z.array(z.object({ trips: z.int() }).catchall(Value)),
    truncated: z.boolean().meta({ description: "There are more groups than limit" }),
  })
  .meta({ id: "TripCounts" });

/** Values in the order of `by`, then the count; the largest counts first. */
export interface TripCounts extends Omit<z.infer<typeof TripCountsReply>, "by" | "counts"> {
  counts: { values: z.infer<typeof Value>[]; trips: number }[];
}

export type CountTrips = (filters: TripFilters, by: CountBy[], limit: number) => Promise<TripCounts>;

/** Names one trip. Without `localTime` it is the only trip of the source that has the id. */
export interface TripAddress {
  source: string;
  tripId: string;
  localTime: string | undefined;
}

/** The error for an id that several trips have. */
export const severalTrips = (localTimes: readonly string[]): AppError =>
  new AppError("ambiguous_trip", "The id was used at several times: choose one with local_time.", {
    local_times: localTimes,
  });
