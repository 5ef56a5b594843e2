import { z } from "zod";
import type { CheckCallback } from "../batches/ingest-request.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { named } from "../kit/named.http.ts";
import { replies } from "../kit/replies.http.ts";
import { type DeleteRule, type FindRule, type ListRules, type PutRule, RuleReply, SUBJECTS } from "./alert.ts";
import { conditionOf } from "./rule-condition.ts";

const rules = named({ what: "alert rule", path: "/v1/alert-rules", tag: "Alerts", example: "suspicious-vehicle" });
const access = { scope: "admin" } as const;

const body = z
  .strictObject({
    on: z.enum(SUBJECTS).meta({ description: "What the rule looks at" }),
    where: z.record(z.string(), z.unknown()).meta({
      description:
        "A condition in the words of `where` of POST /v1/query. A detection has make, model, category, camera and year beside week, day, hour, weekday, within, from, to and attributes.NAME",
    }),
    callback: z.string().optional().meta({
      description: "A URL that gets each alert, signed as other callbacks are",
      example: "https://security.example/alerts",
    }),
  })
  .meta({
    id: "AlertRuleDefinition",
    example: { on: "detections", where: { category: { in: ["SUV", "Pickup"] }, hour: { between: [0, 5] } } },
  });

/** `PUT /v1/alert-rules/NAME`: makes a rule or replaces it. */
export function putRuleEndpoint(putRule: PutRule, checkCallback: CheckCallback, limits: Limits): Endpoint {
  return {
    ...access,
    route: {
      method: "put",
      path: rules.path,
      tags: ["Alerts"],
      summary: "Say which detections or trips raise an alert",
      description: "It holds for what is stored from now on, whichever way it comes.",
      request: { params: rules.params, body: jsonBody(body) },
      responses: {
        ...replies(200, "The rule", RuleReply, 400, 413, 422, 503),
        ...replies(201, "The rule, which is new", RuleReply),
      },
    },
    handle: async (c) => {
      const name = rules.nameOf(c);
      readQuery(c, z.strictObject({}));
      const { on, where, callback } = await readJson(c, body);
      conditionOf(on, where, limits.maxVertices);
      const checked = callback === undefined ? undefined : checkCallback(callback);
      const { rule, created } = await putRule(name, { on, where, callback: checked });
      return c.json(rule, created ? 201 : 200);
    },
  };
}

interface Deps {
  findRule: FindRule;
  listRules: ListRules;
  deleteRule: DeleteRule;
}

/** The other addresses of rules. */
export const otherRuleEndpoints = ({ findRule, listRules, deleteRule }: Deps): Endpoint[] => [
  rules.getAll(access, RuleReply, listRules, "All alert rules"),
  rules.getOne(access, RuleReply, findRule),
  rules.deleteOne(access, "Remove an alert rule; its alerts stay", deleteRule),
];
