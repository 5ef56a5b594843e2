import { z } from "zod";
import type { FollowAlerts } from "../alerts/follow-alerts.ts";
import { ABOUT_TRIPS, sendAlerts } from "../alerts/get-alerts.http.ts";
import { type CountDetections, type ListDetections, MAX_SKIP, StoredDetection } from "../detections/detections.ts";
import { AppError } from "../errors.ts";
import { type EventDeps, eventReplies, lastEventId } from "../events/all-events.http.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { noteRows } from "../kit/request-record.ts";

const pageQuery = z.strictObject({
  skip: z.coerce.number().int().min(0).max(MAX_SKIP).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(10),
});

const Page = z.object({
  data: z.array(StoredDetection),
  total: z.int().meta({ description: "How many detections there are" }),
});

/** `GET /detections?skip=&limit=`: a page of detections, newest first. */
export function getDetections(listDetections: ListDetections, answers: AnswerDeps): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/detections",
      operationId: "getExercisesDetections",
      tags: ["Exercises"],
      summary: "List detections, newest first",
      request: { query: pageQuery },
      responses: replies(200, "A page of detections", Page, 400, 429, 503),
    },
    handle: async (c) => {
      const { skip, limit } = readQuery(c, pageQuery);
      const { detections, total } = await listDetections({ area: undefined }, limit, { skip, after: undefined });
      noteRows(detections.length);
      return sendAnswer(c, answers, textOf(detections, total), { contentType: "application/json" });
    },
  };
}

function* textOf(detections: readonly StoredDetection[], total: number): Generator<string> {
  yield '{"data":[';
  for (const [i, detection] of detections.entries()) yield `${i === 0 ? "" : ","}${JSON.stringify(detection)}`;
  yield `],"total":${total}}`;
}

/** More makes than there are. */
const MAX_MAKES = 10_000;

/** `GET /stats`: how many vehicles were seen, by make. */
export function getStats(countDetections: CountDetections): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/stats",
      operationId: "getExercisesStats",
      tags: ["Exercises"],
      summary: "Count detections by make, largest counts first",
      responses: replies(
        200,
        "The counts",
        z.object({
          data: z.array(
            z.object({ Make: z.string().meta({ example: "Toyota" }), count: z.int().meta({ example: 2 }) }),
          ),
        }),
        400,
        422,
        503,
      ),
    },
    handle: async (c) => {
      readQuery(c, z.strictObject({}));
      const { counts, truncated } = await countDetections("make", { from: undefined, to: undefined }, MAX_MAKES);
      // An answer without some makes would pass for the whole.
      if (truncated) {
        const detail = `There are more than ${MAX_MAKES} makes; ask GET /v1/detections/stats for the largest counts.`;
        throw new AppError("query_too_large", detail);
      }
      return c.json({ data: counts.map(({ value, detections }) => ({ Make: String(value), count: detections })) });
    },
  };
}

/** `GET /alerts`: alerts as they happen. */
export function followAlertsEndpoint(follow: FollowAlerts, events: EventDeps, exposeTrips: boolean): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/alerts",
      operationId: "getExercisesAlerts",
      tags: ["Exercises"],
      summary: "Follow alerts as they happen",
      description: `Server-sent events \`alert\`, from now on or after \`Last-Event-ID\`. ${ABOUT_TRIPS}`,
      request: { headers: z.object({ "last-event-id": lastEventId }) },
      responses: eventReplies("One event for each alert", 400, 429, 503),
    },
    handle: (c) => {
      readQuery(c, z.strictObject({}));
      return sendAlerts(c, follow, events, exposeTrips);
    },
  };
}
