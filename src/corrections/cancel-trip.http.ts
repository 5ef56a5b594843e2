import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { isStorable } from "../kit/storable.ts";
import { tripAddress, tripParams, tripPath, tripQuery } from "../trips/trip-address.http.ts";
import type { CancelTrip } from "./correction.ts";

const query = tripQuery.extend({
  forget: z.enum(["true", "false"]).optional().meta({
    description: "true frees the identity of the trip, also if it was cancelled before: sent again, it is stored",
  }),
});

/** `DELETE /v1/trips/SOURCE/ID`: the trip no longer counts, and a late copy of it does not bring it back. */
export function deleteTrip(cancelTrip: CancelTrip): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source"],
    route: {
      method: "delete",
      path: tripPath,
      tags: ["Trips"],
      summary: "Cancel a trip",
      description:
        "Every later answer is without it, and a late copy of it is a duplicate, unless its identity is forgotten. Once more does no harm.",
      request: { params: tripParams, query },
      responses: {
        ...replies(404, "No such trip", z.unknown(), 400, 404, 409, 503),
        204: { description: "Cancelled, now or before" },
      },
    },
    handle: async (c) => {
      const { forget, ...rest } = readQuery(c, query);
      const address = tripAddress(c, rest);
      const { source, tripId } = address;
      if (isStorable(source) && isStorable(tripId) && (await cancelTrip(address, forget === "true")))
        return c.body(null, 204);
      throw new AppError("not_found", `There is no trip ${tripId} of the source ${source}.`);
    },
  };
}
