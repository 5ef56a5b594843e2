import type { CheckCallback } from "../batches/ingest-request.ts";
import { createSharedHold } from "../events/shared-hold.http.ts";
import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import type { Limits } from "../kit/limits.ts";
import type { Room } from "../kit/room.ts";
import type { DeleteRule, FindRule, ListAlerts, ListRules, PutRule } from "./alert.ts";
import { otherRuleEndpoints, putRuleEndpoint } from "./alert-rules.http.ts";
import type { FollowAlerts } from "./follow-alerts.ts";
import { getAlerts } from "./get-alerts.http.ts";

/** The calls that the endpoints make. */
export interface AlertCalls {
  putRule: PutRule;
  findRule: FindRule;
  listRules: ListRules;
  deleteRule: DeleteRule;
  listAlerts: ListAlerts;
  followAlerts: FollowAlerts;
}

interface Deps extends AlertCalls {
  checkCallback: CheckCallback;
  limits: Limits;
  answers: AnswerDeps;
  /** Whether single trips may be read. */
  exposeTrips: boolean;
  room: Room;
}

/** The endpoints of alerts and their rules. */
export const endpoints = (deps: Deps): Endpoint[] => [
  putRuleEndpoint(deps.putRule, deps.checkCallback, deps.limits),
  ...otherRuleEndpoints(deps),
  getAlerts(deps.listAlerts, deps.followAlerts, deps.answers, { hold: createSharedHold(deps.room) }, deps.exposeTrips),
];
