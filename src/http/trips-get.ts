import { AppError } from "../errors.ts";
import { isStorable } from "../storable.ts";
import type { FindTrips } from "../trips.ts";
import type { Endpoint } from "./endpoint.ts";
import { replies, Trip } from "./schemas.ts";
import { tripAddress, tripParams, tripPath, tripQuery } from "./trip-address.ts";

const route: Endpoint["route"] = {
  method: "get",
  path: tripPath,
  tags: ["Trips"],
  summary: "One trip",
  request: { params: tripParams, query: tripQuery },
  responses: replies(200, "The trip", Trip, 400, 403, 404, 409, 503),
};

/** `GET /v1/trips/SOURCE/ID`: 409 with the times to choose from where the id was used at several. */
export function getTrip(findTrips: FindTrips): Endpoint {
  return {
    route,
    handle: async (c) => {
      const { source, tripId, localTime } = tripAddress(c);
      const found = isStorable(source) && isStorable(tripId) ? await findTrips(source, tripId, localTime) : [];
      const [trip, second] = found;
      if (!trip) throw new AppError("not_found", `There is no trip ${tripId} of the source ${source}.`);
      if (second) {
        const times = found.map((one) => one.local_time);
        throw new AppError("several_trips", "The id was used at several times: choose one with local_time.", {
          local_times: times,
        });
      }
      return c.json(trip);
    },
  };
}
