import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { TripAddress } from "../correction.ts";
import { timeFrom } from "../time.ts";
import { readQuery } from "./input.ts";

/** How the address of one trip is described, and read. */
export const tripPath = "/v1/trips/{source}/{trip_id}";
export const tripParams = z.object({ source: z.string(), trip_id: z.string() });
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
    .openapi({ description: "Which of several trips with this id" }),
});

/** @throws AppError invalid_parameter */
export function tripAddress(c: Context): TripAddress {
  const { source = "", trip_id = "" } = c.req.param() as { source?: string; trip_id?: string };
  return { source, tripId: trip_id, localTime: readQuery(c, tripQuery).local_time };
}
