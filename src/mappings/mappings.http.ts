import { z } from "zod";
import { AppError } from "../errors.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import type { DeleteMapping, FindMapping, ListMappings, PutMapping } from "./mapping.ts";
import { MappingDefinition, MappingReply, mappingFrom, mappingReply } from "./mapping-definition.ts";

const params = z.object({ name: z.string().meta({ example: "bike-share" }) });
const path = "/v1/mappings/{name}";

/** `PUT /v1/mappings/NAME`: defines a mapping or replaces it. */
export function putMappingEndpoint(putMapping: PutMapping): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "put",
      path,
      tags: ["Mappings"],
      summary: "Define how a foreign CSV or JSON becomes trips",
      description: "Used by `POST /v1/trips?mapping=NAME`, and by itself for rows that fit no built-in format.",
      request: { params, body: jsonBody(MappingDefinition) },
      responses: {
        ...replies(200, "The mapping", MappingReply, 400, 409, 413, 503),
        ...replies(201, "The mapping, which is new", MappingReply),
      },
    },
    handle: async (c) => {
      const name = mappingName(c.req.param("name"));
      readQuery(c, z.strictObject({}));
      const { mapping, created } = await putMapping(
        mappingFrom(name, withoutAbout(await readJson(c, z.unknown()), name)),
      );
      return c.json(mappingReply(mapping), created ? 201 : 200);
    },
  };
}

/** Removes the members that a GET adds to the definition, so that a client can send the reply back as it is. */
function withoutAbout(body: unknown, name: string): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { name: given, built_in, created_at, updated_at, ...definition } = body as Record<string, unknown>;
  if (given === undefined || given === name) return definition;
  const detail = `expected ${name} as in the address, or none at all`;
  throw new AppError("invalid_body", `name: ${detail}`, { errors: [{ field: "name", detail }] });
}

/** Checks a mapping's name. Names are also folders of the inbox. */
function mappingName(name = ""): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const detail = "expected 1 to 100 letters, digits, dots, hyphens and underscores, a letter or a digit first";
  throw new AppError("invalid_parameter", `name: ${detail}`, { errors: [{ field: "name", detail }] });
}

/** `GET /v1/mappings/NAME`. */
export function getMapping(findMapping: FindMapping): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path,
      tags: ["Mappings"],
      summary: "A mapping",
      request: { params },
      responses: replies(200, "The mapping", MappingReply, 400, 404, 503),
    },
    handle: async (c) => {
      const name = mappingName(c.req.param("name"));
      const mapping = await findMapping(name);
      if (!mapping) throw new AppError("not_found", `There is no mapping ${name}.`);
      return c.json(mappingReply(mapping));
    },
  };
}

/** `GET /v1/mappings`. */
export function listMappingsEndpoint(listMappings: ListMappings): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: "/v1/mappings",
      tags: ["Mappings"],
      summary: "All mappings, the built-in ones first",
      responses: replies(200, "The mappings", z.object({ mappings: z.array(MappingReply) }), 503),
    },
    handle: async (c) => c.json({ mappings: (await listMappings()).map(mappingReply) }),
  };
}

/** `DELETE /v1/mappings/NAME`: trips and batches stay as they are. */
export function deleteMappingEndpoint(deleteMapping: DeleteMapping): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "delete",
      path,
      tags: ["Mappings"],
      summary: "Forget a mapping",
      description: "What was taken in by it stays as it is. The built-in ones cannot be deleted.",
      request: { params },
      responses: {
        204: { description: "Forgotten" },
        ...replies(404, "No such mapping", z.unknown(), 400, 404, 409, 503),
      },
    },
    handle: async (c) => {
      const name = mappingName(c.req.param("name"));
      if (await deleteMapping(name)) return c.body(null, 204);
      throw new AppError("not_found", `There is no mapping ${name}.`);
    },
  };
}

interface Deps {
  putMapping: PutMapping;
  findMapping: FindMapping;
  listMappings: ListMappings;
  deleteMapping: DeleteMapping;
}

/** The endpoints for mappings, which turn senders' formats into trips. */
export const endpoints = (deps: Deps): Endpoint[] => [
  putMappingEndpoint(deps.putMapping),
  getMapping(deps.findMapping),
  listMappingsEndpoint(deps.listMappings),
  deleteMappingEndpoint(deps.deleteMapping),
];
