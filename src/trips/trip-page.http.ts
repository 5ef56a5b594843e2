import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import { noteRows } from "../kit/request-record.ts";
import { isStorable } from "../kit/storable.ts";
import { timeFrom } from "../time/time.ts";
import type { Cursor, TripPage } from "./trips.ts";

/** The parameters that page a list of trips. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(10),
  cursor: z.string().optional().meta({ description: "`next_cursor` of the page before" }),
};

const localTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$/)
  .refine((text) => timeFrom(text, ["iso"]).ok);
const cursorParts = z.tuple([localTime, z.string(), z.string()]);

const cursorText = (cursor: Cursor | undefined): string | null =>
  cursor ? Buffer.from(JSON.stringify([cursor.localTime, cursor.source, cursor.tripId])).toString("base64url") : null;

/**
 * Reads the cursor at which a page begins.
 *
 * @throws AppError invalid_parameter if the text is no cursor of ours
 */
export function pageOf(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  try {
    const [localTime, source, tripId] = cursorParts.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    if (isStorable(source) && isStorable(tripId)) return { localTime, source, tripId };
  } catch {
    // The text is no cursor of ours.
  }
  const detail = "expected the next_cursor of a page";
  throw new AppError("invalid_parameter", `cursor: ${detail}`, { errors: [{ field: "cursor", detail }] });
}

/** Replies with a page of trips. */
export function sendTrips(c: Context, answers: AnswerDeps, page: TripPage): Promise<Response> {
  noteRows(page.trips.length);
  return sendAnswer(c, answers, textOf(page), { contentType: "application/json" });
}

/** The page as JSON, a trip at a time: its attributes may be large. */
function* textOf({ trips, next }: TripPage): Generator<string> {
  yield '{"trips":[';
  for (const [i, trip] of trips.entries()) yield `${i === 0 ? "" : ","}${JSON.stringify(trip)}`;
  yield `],"next_cursor":${JSON.stringify(cursorText(next))}}`;
}
