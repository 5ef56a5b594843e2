import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { areaFeatures } from "../geo/area-features.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { parseWith, readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { replies } from "../kit/replies.http.ts";
import { BY_AREA_FORMATS } from "./by-area-formats.http.ts";
import {
  ByAreaAnswer,
  ByAreaBody,
  ByAreaQuery,
  type ByAreaQuestion,
  MAX_AREAS,
  type WeeklyAveragesByArea,
} from "./weekly-averages-by-area.ts";

const answered = replies(
  200,
  "The answer, one row an area in the order of the question",
  ByAreaAnswer,
  400,
  404,
  413,
  422,
  429,
  503,
);
Object.assign(answered[200]?.content ?? {}, {
  "application/geo+json": { schema: z.looseObject({ type: z.literal("FeatureCollection") }) },
  "text/csv": { schema: z.string() },
});

const route: Endpoint["route"] = {
  method: "post",
  path: "/v1/weekly-averages/by-area",
  tags: ["Answers"],
  summary: "Trips a week, on average, of many areas side by side, over one common window",
  description: `Up to ${MAX_AREAS} areas, all counted in one snapshot. An end of the window that is not given is the week of the first or last trip in any of the areas.`,
  request: { query: ByAreaQuery, body: { ...jsonBody(ByAreaBody), required: false } },
  responses: answered,
};

/** `POST /v1/weekly-averages/by-area`. */
export function postWeeklyAveragesByArea(
  weeklyAveragesByArea: WeeklyAveragesByArea,
  answers: AnswerDeps,
  limits: Limits,
): Endpoint {
  return {
    route,
    scope: "read",
    bounds: ["source", "region"],
    handle: async (c) => {
      const { format, question } = await questionOf(c, limits);
      const { answer, features } = await weeklyAveragesByArea(question, format === "geojson");
      if (format === "json") return c.json(answer);
      const { contentType, write } = BY_AREA_FORMATS[format];
      return sendAnswer(c, answers, write(answer, features), { contentType, headers: headersOf(answer) });
    },
  };
}

export const headersOf = (answer: { window: { from: string; to: string } | null; data_as_of: string }) => ({
  ...(answer.window ? { "Tripgrid-Window": `${answer.window.from}/${answer.window.to}` } : {}),
  "Tripgrid-Data-As-Of": answer.data_as_of,
});

/** How much larger a body with many areas may be than one with a single area. */
const BODY_FACTOR = 4;

/** `boundaries=*` in the query string needs no body. */
const hasNoBody = (c: Context): boolean =>
  (c.req.header("content-length") ?? "0") === "0" && c.req.header("transfer-encoding") === undefined;

/**
 * Reads the areas and filters of a request, from its body and its parameters.
 *
 * @param query its parameters. If these have a format of their own, it is not looked at here
 */
export async function questionOf(c: Context, limits: Limits, query: z.ZodType = ByAreaQuery) {
  const given = hasNoBody(c) ? {} : await readJson(c, z.looseObject({}), BODY_FACTOR);
  const isBare = typeof given.type === "string";
  const elsewhere = ["make_valid", ...(query === ByAreaQuery ? [] : ["format"])];
  const named = Object.fromEntries(Object.entries(c.req.query()).filter(([key]) => !elsewhere.includes(key)));
  readQuery(c, query);
  const parsed = parseWith(ByAreaBody, { ...named, ...(isBare ? { areas: given } : given) }, "invalid_body");
  const { areas, boundaries: asked, make_valid, name_property, format, ...filters } = parsed;
  const makeValid = make_valid ?? c.req.query("make_valid") === "true";
  if ((areas === undefined) === (asked === undefined)) {
    const detail = "give either areas, a FeatureCollection, or boundaries, such as *";
    throw new AppError("invalid_body", `areas: ${detail}`, { errors: [{ field: "areas", detail }] });
  }
  const options = { nameProperty: name_property, makeValid, maxVertices: limits.maxVertices, maxFeatures: MAX_AREAS };
  const question: ByAreaQuestion = {
    ...filters,
    areas:
      asked === undefined ? areaFeatures(areas, isBare ? "body" : "areas", options) : { boundaries: namesOf(asked) },
  };
  return { format, question };
}

function namesOf(boundaries: string | string[]): string[] | "*" {
  if (boundaries === "*") return "*";
  return typeof boundaries === "string" ? boundaries.split(",").map((one) => one.trim()) : boundaries;
}
