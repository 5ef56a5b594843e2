import type { Context } from "hono";
import { z } from "zod";
import { givenArea, makeValid, namedArea, withArea, withGivenArea } from "../geo/area-question.ts";
import type { AnswerDeps } from "../kit/answer.http.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { parseWith, readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { replies } from "../kit/replies.http.ts";
import { note } from "../kit/request-record.ts";
import { WeeklyAnswer, type WeeklyAverages, type WeeklyAveragesByRegion, weeklyFilters } from "./weekly-averages.ts";
import { postWeeklyAveragesByArea } from "./weekly-averages-by-area.http.ts";
import type { WeeklyAveragesByArea } from "./weekly-averages-by-area.ts";
import { getWeeklyAveragesByRegion } from "./weekly-averages-by-region.http.ts";

const query = z.strictObject({ ...namedArea, ...weeklyFilters });
const body = z.strictObject({ ...givenArea, ...weeklyFilters }).meta({
  id: "WeeklyQuestion",
  description: "GeoJSON by itself is taken for the area; the rest may also stand in the query string.",
});
const besideBody = z.strictObject({ ...weeklyFilters, make_valid: makeValid });

const described: Pick<Endpoint["route"], "path" | "tags" | "responses"> = {
  path: "/v1/weekly-averages",
  tags: ["Answers"],
  responses: replies(200, "The answer", WeeklyAnswer, 400, 404, 413, 422, 503),
};

/** `GET /v1/weekly-averages`: by box, boundary or region. */
export function getWeeklyAverages(weeklyAverages: WeeklyAverages): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      method: "get",
      summary: "Trips a week, on average, in a box, boundary or region",
      request: { query },
    },
    handle: async (c) => {
      const question = readQuery(c, query);
      note({ questionMethod: question.method });
      return c.json(await weeklyAverages(withArea(question)));
    },
  };
}

/** `POST /v1/weekly-averages`: by any polygon. */
export function postWeeklyAverages(weeklyAverages: WeeklyAverages, limits: Limits): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      method: "post",
      summary: "Trips a week, on average, in any polygon",
      request: { query: besideBody, body: jsonBody(body) },
    },
    handle: async (c: Context) => {
      const question = await questionOf(c);
      note({ questionMethod: question.method });
      return c.json(await weeklyAverages(withGivenArea(question, limits.maxVertices)));
    },
  };
}

/** Reads a question from its body and its parameters. A member of the body goes before a parameter. */
async function questionOf(c: Context): Promise<z.output<typeof body>> {
  const given = await readJson(c, z.looseObject({}));
  const { make_valid } = readQuery(c, besideBody);
  const isBare = typeof given.type === "string" && given.area === undefined;
  const members = { ...c.req.query(), make_valid, ...(isBare ? { area: given } : given) };
  return parseWith(body, members, "invalid_body");
}

interface Deps {
  weeklyAverages: WeeklyAverages;
  weeklyAveragesByRegion: WeeklyAveragesByRegion;
  weeklyAveragesByArea: WeeklyAveragesByArea;
  answers: AnswerDeps;
  limits: Limits;
}

/** The endpoints for average trips a week. */
export const endpoints = (deps: Deps): Endpoint[] => [
  getWeeklyAverages(deps.weeklyAverages),
  postWeeklyAverages(deps.weeklyAverages, deps.limits),
  getWeeklyAveragesByRegion(deps.weeklyAveragesByRegion),
  postWeeklyAveragesByArea(deps.weeklyAveragesByArea, deps.answers, deps.limits),
];
