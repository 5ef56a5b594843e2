import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { ByRegionAnswer, type WeeklyAveragesByRegion, WeeklyFilters } from "./weekly-averages.ts";

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/weekly-averages/by-region",
  tags: ["Answers"],
  summary: "Trips a week, on average, of each region, over one common window; busiest first",
  request: { query: WeeklyFilters },
  responses: replies(200, "The answer", ByRegionAnswer, 400, 404, 503),
};

/** `GET /v1/weekly-averages/by-region`. */
export function getWeeklyAveragesByRegion(weeklyAveragesByRegion: WeeklyAveragesByRegion): Endpoint {
  return {
    scope: "read",
    bounds: ["source"],
    route,
    handle: async (c) => c.json(await weeklyAveragesByRegion(readQuery(c, WeeklyFilters))),
  };
}
