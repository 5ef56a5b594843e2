import { z } from "zod";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { StoredTrip } from "../trips/trip.ts";
import { tripAddress, tripParams, tripPath, tripQuery } from "../trips/trip-address.http.ts";
import type { CorrectTrip } from "./correction.ts";

const body = z
  .looseObject({
    source: z.string().optional(),
    trip_id: z.string().optional(),
    started_at: z.string().optional(),
    local_time: z.string().optional(),
    origin: z.unknown(),
  })
  .meta({
    id: "TripCorrection",
    description:
      "A native trip, or one as it was read. source and trip_id may be left out, or must be those of the address. Of started_at and local_time one will do; both must agree.",
  });

/** `PUT /v1/trips/SOURCE/ID`: replaces a trip, moves it to another time, or stores one that is not there. */
export function putTrip(correctTrip: CorrectTrip): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source"],
    route: {
      method: "put",
      path: tripPath,
      tags: ["Trips"],
      summary: "Correct a trip",
      description:
        "The whole trip is replaced. One that now begins at another time leaves the old one: a late copy of it is a duplicate. A cancelled trip comes back.",
      request: { params: tripParams, query: tripQuery, body: jsonBody(body) },
      responses: {
        ...replies(200, "The trip as it is now", StoredTrip, 400, 404, 409, 413, 503),
        ...replies(201, "The trip, which was not there before", StoredTrip),
      },
    },
    handle: async (c) => {
      const address = tripAddress(c);
      const { trip, created } = await correctTrip(address, await readJson(c, z.looseObject({})));
      return c.json(trip, created ? 201 : 200);
    },
  };
}
