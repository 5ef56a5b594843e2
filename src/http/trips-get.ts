import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import { timeFrom } from "../time.ts";
import type { FindTrips } from "../trips.ts";
import type { Endpoint } from "./endpoint.ts";
import { isStorable, readQuery } from "./input.ts";
import { replies, Trip } from "./schemas.ts";

const query = z.strictObject({
  local_time: z
    .string()
    .transform((text, context) => {
      const time = timeFrom(text, ["iso"]);
      if (time.ok && time.value.kind === "naive") return time.value.text;
      context.addIssue({ code: "custom", message: "expected a local time like 2018-05-21T02:54:04" });
      return z.NEVER;
    })
    .optional()
    .openapi({ description: "Which of several trips with this id" }),
});

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/trips/{source}/{trip_id}",
  tags: ["Trips"],
  summary: "One trip",
  request: { params: z.object({ source: z.string(), trip_id: z.string() }), query },
  responses: replies(200, "The trip", Trip, 400, 404, 409, 503),
};

/** `GET /v1/trips/SOURCE/ID`: 409 with the times to choose from where the id was used at several. */
export function getTrip(findTrips: FindTrips): Endpoint {
  return {
    route,
    handle: async (c) => {
      const { source = "", trip_id = "" } = c.req.param() as { source?: string; trip_id?: string };
      const q = readQuery(c, query);
      const found = isStorable(source) && isStorable(trip_id) ? await findTrips(source, trip_id, q.local_time) : [];
      const [trip, second] = found;
      if (!trip) throw new AppError("not_found", `There is no trip ${trip_id} of the source ${source}.`);
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
