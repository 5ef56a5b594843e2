import { z } from "zod";
import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { pageOf, pageQuery, sendTrips } from "./trip-page.http.ts";
import { filtersFrom, type ListTrips, TripPageReply, tripFilters } from "./trips.ts";

const query = z.strictObject({ ...tripFilters, ...pageQuery });

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/trips",
  tags: ["Trips"],
  summary: "List trips, newest first",
  description: "A page ends after `limit` trips, or with the one that reaches 4 MB of attributes.",
  request: { query },
  responses: replies(200, "A page of trips", TripPageReply, 400, 403, 404, 422, 429, 503),
};

/** `GET /v1/trips`. */
export function listTripsEndpoint(listTrips: ListTrips, answers: AnswerDeps): Endpoint {
  return {
    scope: "trips",
    bounds: ["source", "region"],
    route,
    handle: async (c) => {
      const { limit, cursor, ...filters } = readQuery(c, query);
      return sendTrips(c, answers, await listTrips(filtersFrom(filters), limit, pageOf(cursor)));
    },
  };
}
