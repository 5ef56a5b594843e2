import { z } from "zod";
import { AppError } from "../errors.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { noteRows } from "../kit/request-record.ts";
import { Instant } from "../time/instant.ts";
import {
  type Cursor,
  type DetectionPage,
  DetectionPageReply,
  detectionFilters,
  filtersFrom,
  type ListDetections,
  MAX_SKIP,
} from "./detections.ts";

const query = z.strictObject({
  ...detectionFilters,
  skip: z.coerce.number().int().min(0).max(MAX_SKIP).default(0).meta({
    description: "Detections to leave out at the beginning; while others come in, the cursor is steadier",
  }),
  limit: z.coerce.number().int().min(1).max(1000).default(10),
  cursor: z.string().optional().meta({ description: "`next_cursor` of the page before" }),
});

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/detections",
  tags: ["Detections"],
  summary: "List detections, newest first",
  description: "A page ends after `limit` detections, or with the one that reaches 4 MB of attributes.",
  request: { query },
  responses: replies(200, "A page of detections", DetectionPageReply, 400, 422, 429, 503),
};

/** `GET /v1/detections`. */
export function listDetectionsEndpoint(listDetections: ListDetections, answers: AnswerDeps): Endpoint {
  return {
    scope: "read",
    route,
    handle: async (c) => {
      const { limit, skip, cursor, ...filters } = readQuery(c, query);
      const page = await listDetections(filtersFrom(filters), limit, { skip, after: cursorFrom(cursor) });
      noteRows(page.detections.length);
      return sendAnswer(c, answers, textOf(page), { contentType: "application/json" });
    },
  };
}

const cursorParts = z.tuple([Instant, z.uuid()]);

const cursorText = (cursor: Cursor | undefined): string | null =>
  cursor ? Buffer.from(JSON.stringify([cursor.seenAt, cursor.id])).toString("base64url") : null;

/** @throws AppError invalid_parameter if the text is no cursor of ours */
function cursorFrom(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  try {
    const [seenAt, id] = cursorParts.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    return { seenAt, id };
  } catch {
    const detail = "expected the next_cursor of a page";
    throw new AppError("invalid_parameter", `cursor: ${detail}`, { errors: [{ field: "cursor", detail }] });
  }
}

/** The page as JSON, a detection at a time: its attributes may be large. */
function* textOf({ detections, total, totalIsExact, next }: DetectionPage): Generator<string> {
  yield '{"detections":[';
  for (const [i, detection] of detections.entries()) yield `${i === 0 ? "" : ","}${JSON.stringify(detection)}`;
  yield `],"total":${total},"total_is_exact":${totalIsExact},"next_cursor":${JSON.stringify(cursorText(next))}}`;
}
