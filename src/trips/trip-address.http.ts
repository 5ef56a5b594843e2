import type { Context } from "hono";
import { z } from "zod";
import { readQuery } from "../kit/input.http.ts";
import { timeFrom } from "../time/time.ts";
import type { TripAddress } from "./trips.ts";

/** The address of one trip, and its parameters. */
export const tripPath = "/v1/trips/{source}/{trip_id}";
export const tripParams = z.object({
  source: z.string().meta({ example: "baba_car" }),
  trip_id: z.string().meta({ example: "a1" }),
});
export const tripQuery = z.strictObject({
  local_time: z
    .string()
    .transform((text, context) => {
      const time = timeFrom(text, ["iso"]);
      if (time.ok && time.value.kind === "naive") return time.value.text;
      context.addIssue({ code: "custom", message: "expected a local time like 2018-05-21T02:54:04" });
      return z.NEVER;
    })
    .optional()
    .meta({ description: "Which of several trips with this id" }),
});

/** @throws AppError invalid_parameter */
export function tripAddress(c: Context, { local_time } = readQuery(c, tripQuery)): TripAddress {
  const { source = "", trip_id = "" } = c.req.param() as { source?: string; trip_id?: string };
  return { source, tripId: trip_id, localTime: local_time };
}
