import { z } from "zod";
import type { Area } from "../geo/area.ts";
import { match } from "../geo/area-question.ts";
import { name } from "../kit/storable.ts";
import { DateText, Instant } from "../time/instant.ts";
import { date, days, hours, Window } from "../time/week.ts";

export const Method = z.enum(["exact", "estimate"]);
export type Method = z.infer<typeof Method>;

/** The filters of trips by time. Dates are local, `YYYY-MM-DD`. The whole weeks that hold them count. */
export const timeFilters = {
  from: date.optional().meta({ description: "Local date; its whole week counts" }),
  to: date.optional().meta({ description: "Local date; its whole week counts" }),
};

/** The filters of a question, apart from the area. */
export const WeeklyFilters = z.strictObject({
  source: name.optional(),
  from: date.optional(),
  to: date.optional(),
  hours: hours.optional(),
  days: days.optional(),
});
/** Hours of the day are 0 to 23, of the local start; days are ISO weekdays, 1 is Monday. */
export type WeeklyFilters = z.infer<typeof WeeklyFilters>;

/** The members of a question, apart from its area and its method. */
export const filtersOfTrips = {
  region: name.optional().meta({ description: "Only trips that carry this region", example: "Turin" }),
  source: name.optional(),
  ...timeFilters,
  match,
  hours: hours.optional(),
  days: days.optional(),
};
export const weeklyFilters = {
  ...filtersOfTrips,
  method: Method.default("exact").meta({
    description:
      "estimate counts the cells on the area's edge by their share inside, and gives bounds that enclose the exact figures",
  }),
};
const WeeklyQuestion = z.object(weeklyFilters);
export type WeeklyQuestion = z.infer<typeof WeeklyQuestion> & { area?: Area | undefined };

const bounds = <T extends z.ZodType>(figure: T) =>
  z.array(figure).length(2).optional().meta({ description: "Of an estimate: [lower, upper]" });

export const WeeklyAnswer = z
  .object({
    window: Window,
    trips: z.int().nullable().meta({ description: "Null if so few that they are withheld" }),
    weeks_in_window: z.int(),
    average: z.number().nullable().meta({ description: "trips / weeks_in_window; null without a window" }),
    weeks_with_trips: z.int(),
    average_over_weeks_with_trips: z.number().nullable(),
    trips_bounds: bounds(z.int()),
    average_bounds: bounds(z.number().nullable()),
    weeks_with_trips_bounds: bounds(z.int()),
    average_over_weeks_with_trips_bounds: bounds(z.number().nullable()),
    method: Method.meta({
      description: "estimate also where an exact question is about an area's retired weeks, whose trips are gone",
    }),
    data_as_of: Instant.meta({ description: "Every trip committed before this instant is counted" }),
    retired_before: DateText.optional().meta({
      description:
        "If weeks of the window are retired, the first that is none: of the earlier ones only counts are kept",
    }),
    withheld: z.object({ min_trips: z.int(), weeks: z.int() }).optional().meta({
      description: "How many weeks are withheld, where TRIPGRID_MIN_GROUP_SIZE asks for it",
    }),
    circle: z.object({ vertices: z.int(), error_m: z.number() }).optional().meta({
      description: "Of a question with circle: the polygon's vertices, and how far it departs from the circle at most",
    }),
    hints: z.array(z.string()).optional().meta({
      description: "What may be wrong with the question, for example that longitude and latitude look exchanged",
    }),
    weeks: z.array(
      z.object({
        week: z.string().meta({ example: "2018-W18" }),
        start: DateText,
        trips: z.int().nullable(),
        trips_bounds: bounds(z.int()),
      }),
    ),
  })
  .meta({ id: "WeeklyAnswer" });
export type WeeklyAnswer = z.infer<typeof WeeklyAnswer>;

export const ByRegionAnswer = z
  .object({
    window: Window,
    weeks_in_window: z.int(),
    data_as_of: Instant,
    withheld: z.object({ min_trips: z.int(), regions: z.int() }).optional().meta({
      description: "How many regions are withheld, where TRIPGRID_MIN_GROUP_SIZE asks for it: their figures are null",
    }),
    regions: z.array(
      z.object({
        region: z.string().nullable().meta({ description: "Null: trips that carry no region" }),
        trips: z.int().nullable(),
        average: z.number().nullable(),
        weeks_with_trips: z.int().nullable(),
        average_over_weeks_with_trips: z.number().nullable(),
      }),
    ),
  })
  .meta({ id: "ByRegionAnswer" });
export type ByRegionAnswer = z.infer<typeof ByRegionAnswer>;

export type WeeklyAverages = (question: WeeklyQuestion) => Promise<WeeklyAnswer>;
export type WeeklyAveragesByRegion = (filters: WeeklyFilters) => Promise<ByRegionAnswer>;
