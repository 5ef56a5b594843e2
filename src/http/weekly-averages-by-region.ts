import { z } from "@hono/zod-openapi";
import type { WeeklyAveragesByRegion } from "../weekly-averages.ts";
import type { Endpoint } from "./endpoint.ts";
import { date, days, hours, name, readQuery } from "./input.ts";
import { Instant, replies, WindowSchema } from "./schemas.ts";

const query = z.strictObject({
  source: name.optional(),
  from: date.optional(),
  to: date.optional(),
  hours: hours.optional(),
  days: days.optional(),
});

const answer = z
  .object({
    window: WindowSchema,
    weeks_in_window: z.int(),
    data_as_of: Instant,
    withheld: z.object({ min_trips: z.int(), regions: z.int() }).optional().openapi({
      description: "How many regions are withheld, where TRIPGRID_MIN_TRIPS asks for it: their figures are null",
    }),
    regions: z.array(
      z.object({
        region: z.string().nullable().openapi({ description: "Null: trips that carry no region" }),
        trips: z.int().nullable(),
        average: z.number().nullable(),
        weeks_with_trips: z.int().nullable(),
        average_over_weeks_with_trips: z.number().nullable(),
      }),
    ),
  })
  .openapi("ByRegionAnswer");

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/weekly-averages/by-region",
  tags: ["Answers"],
  summary: "Trips a week, on average, of each region, over one common window; busiest first",
  request: { query },
  responses: replies(200, "The answer", answer, 400, 503),
};

/** `GET /v1/weekly-averages/by-region`. */
export function getWeeklyAveragesByRegion(weeklyAveragesByRegion: WeeklyAveragesByRegion): Endpoint {
  return { route, handle: async (c) => c.json(await weeklyAveragesByRegion(readQuery(c, query))) };
}
