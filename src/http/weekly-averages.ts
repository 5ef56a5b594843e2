import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { polygonsFromGeoJson } from "../area.ts";
import { METHODS, type WeeklyAverages } from "../weekly-averages.ts";
import { type Endpoint, jsonBody } from "./endpoint.ts";
import { areaFrom, bbox, date, days, hours, match, name, readJson, readQuery } from "./input.ts";
import { DateText, Instant, replies, WindowSchema } from "./schemas.ts";

const filters = {
  region: name.optional().openapi({ description: "Only trips that carry this region", example: "Turin" }),
  source: name.optional(),
  from: date.optional().openapi({ description: "Local date; its whole week counts" }),
  to: date.optional().openapi({ description: "Local date; its whole week counts" }),
  match,
  hours: hours.optional(),
  days: days.optional(),
  method: z.enum(METHODS).default("exact").openapi({
    description:
      "estimate counts the cells on the area's edge by their share inside, and gives bounds that enclose the exact figures",
  }),
};

const query = z.strictObject({
  bbox: bbox.optional(),
  boundary: name.optional().openapi({ description: "The area is the boundary of this region" }),
  ...filters,
});

const body = z
  .strictObject({
    area: z.unknown().openapi({
      description: "GeoJSON: a Polygon, a MultiPolygon, a Feature or a FeatureCollection, whose members are united",
      example: {
        type: "Polygon",
        coordinates: [
          [
            [7.6, 45.0],
            [7.7, 45.0],
            [7.7, 45.1],
            [7.6, 45.1],
            [7.6, 45.0],
          ],
        ],
      },
    }),
    ...filters,
  })
  .openapi("WeeklyQuestion");

const bounds = (figure: z.ZodType) =>
  z.array(figure).length(2).optional().openapi({ description: "Of an estimate: [lower, upper]" });

const answer = z
  .object({
    window: WindowSchema,
    trips: z.int().nullable().openapi({ description: "Null if so few that they are withheld" }),
    weeks_in_window: z.int(),
    average: z.number().nullable().openapi({ description: "trips / weeks_in_window; null without a window" }),
    weeks_with_trips: z.int(),
    average_over_weeks_with_trips: z.number().nullable(),
    trips_bounds: bounds(z.int()),
    average_bounds: bounds(z.number().nullable()),
    weeks_with_trips_bounds: bounds(z.int()),
    average_over_weeks_with_trips_bounds: bounds(z.number().nullable()),
    method: z.enum(METHODS).openapi({
      description: "estimate also where an exact question is about an area's retired weeks, whose trips are gone",
    }),
    data_as_of: Instant.openapi({ description: "Every trip committed before this instant is counted" }),
    retired_before: DateText.optional().openapi({
      description:
        "If weeks of the window are retired, the first that is none: of the earlier ones only counts are kept",
    }),
    withheld: z.object({ min_trips: z.int(), weeks: z.int() }).optional().openapi({
      description: "How many weeks are withheld, where TRIPGRID_MIN_TRIPS asks for it",
    }),
    weeks: z.array(
      z.object({
        week: z.string().openapi({ example: "2018-W18" }),
        start: DateText,
        trips: z.int().nullable(),
        trips_bounds: bounds(z.int()),
      }),
    ),
  })
  .openapi("WeeklyAnswer");

const described: Pick<Endpoint["route"], "path" | "tags" | "responses"> = {
  path: "/v1/weekly-averages",
  tags: ["Answers"],
  responses: replies(200, "The answer", answer, 400, 404, 413, 422, 503),
};

/** `GET /v1/weekly-averages`: by box, boundary or region. */
export function getWeeklyAverages(weeklyAverages: WeeklyAverages): Endpoint {
  return {
    route: {
      ...described,
      method: "get",
      summary: "Trips a week, on average, in a box, boundary or region",
      request: { query },
    },
    handle: async (c) => {
      const { bbox, boundary, ...question } = readQuery(c, query);
      return c.json(await weeklyAverages({ ...question, area: areaFrom({ bbox, boundary }) }));
    },
  };
}

/** `POST /v1/weekly-averages`: by any polygon. */
export function postWeeklyAverages(weeklyAverages: WeeklyAverages): Endpoint {
  return {
    route: {
      ...described,
      method: "post",
      summary: "Trips a week, on average, in any polygon",
      request: { body: jsonBody(body) },
    },
    handle: async (c: Context) => {
      const { area, ...question } = await readJson(c, body);
      return c.json(
        await weeklyAverages({ ...question, area: { kind: "polygons", polygons: polygonsFromGeoJson(area) } }),
      );
    },
  };
}
