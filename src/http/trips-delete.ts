import { z } from "@hono/zod-openapi";
import type { CancelTrip } from "../correction.ts";
import { AppError } from "../errors.ts";
import { isStorable } from "../storable.ts";
import type { Endpoint } from "./endpoint.ts";
import { replies } from "./schemas.ts";
import { tripAddress, tripParams, tripPath, tripQuery } from "./trip-address.ts";

/** `DELETE /v1/trips/SOURCE/ID`: the trip counts no more, and a late copy of it does not bring it back. */
export function deleteTrip(cancelTrip: CancelTrip): Endpoint {
  return {
    route: {
      method: "delete",
      path: tripPath,
      tags: ["Trips"],
      summary: "Cancel a trip",
      description: "Every later answer is without it, and a late copy of it is a duplicate. Once more does no harm.",
      request: { params: tripParams, query: tripQuery },
      responses: {
        ...replies(404, "No such trip", z.unknown(), 400, 404, 409, 503),
        204: { description: "Cancelled, now or before" },
      },
    },
    handle: async (c) => {
      const address = tripAddress(c);
      const { source, tripId } = address;
      if (isStorable(source) && isStorable(tripId) && (await cancelTrip(address))) return c.body(null, 204);
      throw new AppError("not_found", `There is no trip ${tripId} of the source ${source}.`);
    },
  };
}
