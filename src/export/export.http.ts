import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { clusterChoice, clusterFilters } from "../clusters/clusters.ts";
import { namedArea, withArea } from "../geo/area-question.ts";
import { type AnswerDeps, type Parts, sendAnswer } from "../kit/answer.http.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { problems } from "../kit/replies.http.ts";
import { queryRef } from "../queries/query.http.ts";
import { queryFrom } from "../queries/query-from.ts";
import { requireTripAccess } from "../trips/trip-access.http.ts";
import { filtersFrom, tripFilters } from "../trips/trips.ts";
import { questionOf } from "../weekly-averages/weekly-averages-by-area.http.ts";
import { ByAreaBody, ByAreaQuery } from "../weekly-averages/weekly-averages-by-area.ts";
import { cellQuery, type Export } from "./export.ts";
import { checkPlaces, EXPORT_FORMATS, type ExportFormat, FORMATS, formatOf } from "./formats.http.ts";
import type { Table } from "./table.ts";

const format = z.enum(EXPORT_FORMATS).optional().openapi({
  description: "Without it what the header Accept asks for, else CSV",
  example: "geoparquet",
});

const file = z.string().openapi({ description: "The rows; what else there is to say stands in headers Tripgrid-*" });
const responses = {
  200: {
    description: "The rows, as a file",
    content: Object.fromEntries(
      Object.values(FORMATS).map(({ contentType }) => [contentType.split(";")[0], { schema: file }]),
    ),
  },
  ...problems(400, 403, 404, 413, 422, 429, 503),
};

/** What an export holds while it is written: a page of rows in two forms. A format that holds more says so. */
const WORK_BYTES = 2 * 1024 * 1024;
/** How long an export waits for more room, in milliseconds. */
const PATIENCE_MS = 30_000;

/** Sends a table as a file. If the client goes away, the rows are ended; if they fail, the connection is broken off. */
async function sendTable(c: Context, answers: AnswerDeps, name: ExportFormat, table: Table): Promise<Response> {
  const { contentType, extension, load } = FORMATS[name];
  const hold = answers.room.hold("answers");
  try {
    checkPlaces(name, table);
    await hold.take(WORK_BYTES);
    const write = await load();
    const headers = {
      ...{ ...table.headers, vary: "Accept" },
      "content-disposition": `attachment; filename="${table.name}.${extension}"`,
    };
    const sayHeld = async (bytes: number) => {
      const wanted = Math.max(WORK_BYTES, bytes);
      if (wanted > hold.bytes) await hold.wait(wanted - hold.bytes, PATIENCE_MS);
      else hold.keep(wanted);
    };
    const parts = releasing(write(table, sayHeld), () => hold.release());
    return await sendAnswer(c, answers, parts, { contentType, headers, holdsSession: table.holdsSession });
  } catch (error) {
    hold.release();
    await table.pages.end();
    throw error;
  }
}

async function* releasing(parts: Parts, release: () => void): AsyncGenerator<string | Uint8Array> {
  try {
    yield* parts;
  } finally {
    release();
  }
}

const described = { tags: ["Export"], responses };

function getTrips({ exported, answers }: Deps): Endpoint {
  const query = z.strictObject({ ...tripFilters, format });
  return {
    scope: "trips",
    bounds: ["source", "region"],
    route: {
      ...described,
      ...{ method: "get", path: "/v1/export/trips", summary: "All trips that fit, as a file", request: { query } },
    },
    handle: async (c) => {
      const { format: given, ...filters } = readQuery(c, query);
      const name = formatOf(c, given);
      return sendTable(c, answers, name, await exported.trips(filtersFrom(filters), name === "geoparquet"));
    },
  };
}

function getCells({ exported, answers }: Deps): Endpoint {
  const query = z.strictObject({ ...cellQuery, format });
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      ...{ method: "get", path: "/v1/export/cells", summary: "Trips by geohash cell, as a file", request: { query } },
    },
    handle: async (c) => {
      const { format: given, ...question } = readQuery(c, query);
      return sendTable(c, answers, formatOf(c, given), await exported.cells(question));
    },
  };
}

function getClusters({ exported, answers }: Deps): Endpoint {
  const query = z.strictObject({ ...namedArea, ...clusterFilters, ...clusterChoice, format });
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      ...{ method: "get", path: "/v1/export/clusters", summary: "Clusters, as a file of lines", request: { query } },
    },
    handle: async (c) => {
      const { format: given, ...question } = readQuery(c, query);
      return sendTable(c, answers, formatOf(c, given), await exported.clusters(withArea(question)));
    },
  };
}

function postByArea({ exported, answers, limits }: Deps): Endpoint {
  const query = ByAreaQuery.omit({ format: true }).extend({ format }).strict();
  const body = ByAreaBody.omit({ format: true });
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      ...{ method: "post", path: "/v1/export/by-area", summary: "Many areas with their weekly averages, as a file" },
      request: { query, body: { ...jsonBody(body), required: false } },
    },
    handle: async (c) => {
      const { format: given } = readQuery(c, query);
      const { question } = await questionOf(c, limits, query);
      return sendTable(c, answers, formatOf(c, given), await exported.byArea(question));
    },
  };
}

function postQuery({ exported, answers, limits }: Deps): Endpoint {
  const query = z.strictObject({ format });
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      ...{ method: "post", path: "/v1/export/query", summary: "The rows of a query, as a file" },
      request: { query, body: { required: true, content: { "application/json": { schema: queryRef } } } },
    },
    handle: async (c) => {
      const name = formatOf(c, readQuery(c, query).format);
      checkPlaces(name, { geometry: undefined });
      const asked = queryFrom(await readJson(c, z.unknown()), limits.maxVertices);
      return sendTable(c, answers, name, await exported.query(asked));
    },
  };
}

interface Deps {
  exported: Export;
  exposeTrips: boolean;
  answers: AnswerDeps;
  limits: Limits;
}

/** Answers as files, in the formats of GIS and data tools. */
export const endpoints = (deps: Deps): Endpoint[] => [
  requireTripAccess(getTrips(deps), deps.exposeTrips),
  getCells(deps),
  getClusters(deps),
  postByArea(deps),
  postQuery(deps),
];
