import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import { isStorable } from "../storable.ts";
import { timeFrom } from "../time.ts";
import type { Cursor, ListTrips } from "../trips.ts";
import type { Endpoint } from "./endpoint.ts";
import { readQuery } from "./input.ts";
import { replies, Trip } from "./schemas.ts";
import { filtersFrom, tripFilters } from "./trip-query.ts";

const query = z.strictObject({
  ...tripFilters,
  limit: z.coerce.number().int().min(1).max(1000).default(10),
  cursor: z.string().optional().openapi({ description: "`next_cursor` of the page before" }),
});

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/trips",
  tags: ["Trips"],
  summary: "List trips, newest first",
  request: { query },
  responses: replies(
    200,
    "A page of trips",
    z.object({ trips: z.array(Trip), next_cursor: z.string().nullable() }).openapi("TripPage"),
    400,
    404,
    422,
    503,
  ),
};

/** `GET /v1/trips`. */
export function listTripsEndpoint(listTrips: ListTrips): Endpoint {
  return {
    route,
    handle: async (c) => {
      const { limit, cursor, ...filters } = readQuery(c, query);
      const { trips, next } = await listTrips(
        filtersFrom(filters),
        limit,
        cursor === undefined ? undefined : decode(cursor),
      );
      return c.json({ trips, next_cursor: next ? encode(next) : null });
    },
  };
}

const localTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$/)
  .refine((text) => timeFrom(text, ["iso"]).ok);
const cursorParts = z.tuple([localTime, z.string(), z.string()]);

const encode = (cursor: Cursor) =>
  Buffer.from(JSON.stringify([cursor.localTime, cursor.source, cursor.tripId])).toString("base64url");

function decode(text: string): Cursor {
  try {
    const [localTime, source, tripId] = cursorParts.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    if (isStorable(source) && isStorable(tripId)) return { localTime, source, tripId };
  } catch {
    // Whatever is wrong with it, it is none of ours.
  }
  const detail = "expected the next_cursor of a page";
  throw new AppError("invalid_parameter", `cursor: ${detail}`, { errors: [{ field: "cursor", detail }] });
}
