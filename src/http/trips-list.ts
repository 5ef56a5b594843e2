import { z } from "@hono/zod-openapi";
import type { ListTrips } from "../trips.ts";
import type { Endpoint } from "./endpoint.ts";
import { readQuery } from "./input.ts";
import { replies } from "./schemas.ts";
import { cursorText, pageOf, pageQuery, TripPageSchema } from "./trip-page.ts";
import { filtersFrom, tripFilters } from "./trip-query.ts";

const query = z.strictObject({ ...tripFilters, ...pageQuery });

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/trips",
  tags: ["Trips"],
  summary: "List trips, newest first",
  request: { query },
  responses: replies(200, "A page of trips", TripPageSchema, 400, 403, 404, 422, 503),
};

/** `GET /v1/trips`. */
export function listTripsEndpoint(listTrips: ListTrips): Endpoint {
  return {
    route,
    handle: async (c) => {
      const { limit, cursor, ...filters } = readQuery(c, query);
      const { trips, next } = await listTrips(filtersFrom(filters), limit, pageOf(cursor));
      return c.json({ trips, next_cursor: cursorText(next) });
    },
  };
}
