import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import { isStorable } from "../storable.ts";
import { timeFrom } from "../time.ts";
import type { Cursor } from "../trips.ts";
import { Trip } from "./schemas.ts";

/** How a list of trips is paged. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(10),
  cursor: z.string().optional().openapi({ description: "`next_cursor` of the page before" }),
};

export const TripPageSchema = z
  .object({ trips: z.array(Trip), next_cursor: z.string().nullable() })
  .openapi("TripPage");

const localTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$/)
  .refine((text) => timeFrom(text, ["iso"]).ok);
const cursorParts = z.tuple([localTime, z.string(), z.string()]);

export const cursorText = (cursor: Cursor | undefined): string | null =>
  cursor ? Buffer.from(JSON.stringify([cursor.localTime, cursor.source, cursor.tripId])).toString("base64url") : null;

/**
 * Where a page begins.
 *
 * @throws AppError invalid_parameter if the text is no cursor of ours
 */
export function pageOf(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  try {
    const [localTime, source, tripId] = cursorParts.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    if (isStorable(source) && isStorable(tripId)) return { localTime, source, tripId };
  } catch {
    // Whatever is wrong with it, it is none of ours.
  }
  const detail = "expected the next_cursor of a page";
  throw new AppError("invalid_parameter", `cursor: ${detail}`, { errors: [{ field: "cursor", detail }] });
}
