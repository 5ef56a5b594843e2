import type { Context } from "hono";
import { z } from "zod";
import { type EventDeps, lastEventId, readLastEventId, sendEvents } from "../events/all-events.http.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import { currentCaller } from "../kit/caller.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { noteRows } from "../kit/request-record.ts";
import { isStorable } from "../kit/storable.ts";
import { Alert, type ListAlerts, type NumberedAlert } from "./alert.ts";
import type { FollowAlerts } from "./follow-alerts.ts";

const instant = z.iso.datetime({ offset: true, error: "expected an instant such as 2025-03-01T00:00:00Z" }).optional();
const query = z.strictObject({
  rule: z.string().min(1).max(200).refine(isStorable, "expected text without control characters").optional(),
  from: instant.meta({ description: "Alerts of this instant and later", example: "2025-03-01T00:00:00Z" }),
  to: instant.meta({ description: "Alerts before this instant" }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: "`next_cursor` of the page before",
  }),
});

const reply = z.object({ alerts: z.array(Alert), next_cursor: z.int().nullable() }).meta({ id: "AlertPage" });

const listed = replies(200, "Alerts, or a stream of them", reply, 400, 429, 503);

/** `GET /v1/alerts`: a page of alerts; for `Accept: text/event-stream` all alerts as they happen. */
export function getAlerts(
  listAlerts: ListAlerts,
  follow: FollowAlerts,
  answers: AnswerDeps,
  events: EventDeps,
  exposeTrips: boolean,
): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/v1/alerts",
      tags: ["Alerts"],
      summary: "List alerts, newest first, or follow them",
      description: `With \`Accept: text/event-stream\` the reply is a stream of server-sent events \`alert\`, from now on or after \`Last-Event-ID\`; the query must be empty then. ${ABOUT_TRIPS}`,
      request: { query, headers: z.object({ "last-event-id": lastEventId }) },
      responses: {
        ...listed,
        200: {
          description: "A page of alerts, or a stream of events",
          content: { "application/json": { schema: reply }, "text/event-stream": { schema: z.string() } },
        },
      },
    },
    handle: async (c) => {
      if (/\btext\/event-stream\b/i.test(c.req.header("accept") ?? "")) {
        readQuery(c, z.strictObject({}));
        return sendAlerts(c, follow, events, exposeTrips);
      }
      const { rule, from, to, limit, cursor } = readQuery(c, query);
      const { alerts, next } = await listAlerts({ rule, from, to, withTrips: showsTrips(exposeTrips) }, limit, cursor);
      noteRows(alerts.length);
      return sendAnswer(c, answers, textOf(alerts, next), { contentType: "application/json" });
    },
  };
}

function* textOf(alerts: readonly Alert[], next: number | undefined): Generator<string> {
  yield '{"alerts":[';
  for (const [i, alert] of alerts.entries()) yield `${i === 0 ? "" : ","}${JSON.stringify(alert)}`;
  yield `],"next_cursor":${next ?? null}}`;
}

/** What the descriptions say of alerts about trips. */
export const ABOUT_TRIPS =
  "Alerts about trips hold these trips: only a credential with the scope `trips` gets them, and nobody where `TRIPGRID_EXPOSE_TRIPS` switches single trips off.";

function showsTrips(exposeTrips: boolean): boolean {
  const principal = currentCaller()?.principal;
  return exposeTrips && (principal === undefined || principal.scopes.includes("trips"));
}

/**
 * Sends alerts as they happen, from now on or after `Last-Event-ID`, until the client disconnects.
 *
 * @param exposeTrips whether single trips may be read; then a caller with the scope `trips` also gets alerts about trips
 * @throws AppError invalid_parameter, too_many_requests
 */
export async function sendAlerts(
  c: Context,
  follow: FollowAlerts,
  events: EventDeps,
  exposeTrips: boolean,
): Promise<Response> {
  const known = readLastEventId(c, numberFrom);
  const { feed, after } = await follow(known, showsTrips(exposeTrips));
  // With this id, a follower that loses the connection before the first event can return.
  return sendEvents(c, feed, events, `: alerts\nid: ${after}\n\n`, eventText);
}

const numberFrom = (id: string) => (/^\d{1,15}$/.test(id) ? Number(id) : undefined);

const eventText = ({ number, alert }: NumberedAlert) =>
  `event: alert\ndata: ${JSON.stringify(alert)}\nid: ${number}\n\n`;
