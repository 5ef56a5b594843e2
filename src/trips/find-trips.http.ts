import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { replies } from "../kit/replies.http.ts";
import { isStorable } from "../kit/storable.ts";
import { StoredTrip } from "./trip.ts";
import { tripAddress, tripParams, tripPath, tripQuery } from "./trip-address.http.ts";
import { type FindLocalTimes, type FindTrips, severalTrips } from "./trips.ts";

const route: Endpoint["route"] = {
  method: "get",
  path: tripPath,
  tags: ["Trips"],
  summary: "One trip",
  request: { params: tripParams, query: tripQuery },
  responses: replies(200, "The trip", StoredTrip, 400, 403, 404, 409, 503),
};

/** `GET /v1/trips/SOURCE/ID`. It replies 409 with the times to choose from if the id was used at several times. */
export function getTrip(findTrips: FindTrips, findLocalTimes: FindLocalTimes): Endpoint {
  return {
    scope: "trips",
    bounds: ["source", "region"],
    route,
    handle: async (c) => {
      const { source, tripId, localTime } = tripAddress(c);
      const found = isStorable(source) && isStorable(tripId) ? await findTrips(source, tripId, localTime) : [];
      const [trip, second] = found;
      if (!trip) throw new AppError("not_found", `There is no trip ${tripId} of the source ${source}.`);
      if (second) throw severalTrips(await findLocalTimes(source, tripId));
      return c.json(trip);
    },
  };
}
