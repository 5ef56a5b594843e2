import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { DeleteMapping, FindMapping, ListMappings, PutMapping, StoredMapping } from "../mapping.ts";
import { definitionOf, MappingDefinition, mappingFrom } from "../mapping-definition.ts";
import { type Endpoint, jsonBody } from "./endpoint.ts";
import { readJson, readQuery } from "./input.ts";
import { Instant, replies } from "./schemas.ts";

const params = z.object({ name: z.string() });
const path = "/v1/mappings/{name}";

const about = {
  name: z.string(),
  built_in: z.boolean(),
  created_at: Instant.nullable(),
  updated_at: Instant.nullable(),
};
const Mapping = z.object({ ...about, ...MappingDefinition.shape }).openapi("Mapping", {
  description: "The built-in ones have no dates. What is sent back to the same name may keep all members",
});
// A copy, since what was made before the OpenAPI extension was loaded does not have it.
const Definition = MappingDefinition.describe("How foreign rows become trips").openapi("MappingDefinition");

const reply = (mapping: StoredMapping) => ({
  name: mapping.name,
  built_in: mapping.builtIn,
  created_at: mapping.createdAt,
  updated_at: mapping.updatedAt,
  ...definitionOf(mapping),
});

/** `PUT /v1/mappings/NAME`: defines a mapping or replaces it. */
export function putMappingEndpoint(putMapping: PutMapping): Endpoint {
  return {
    route: {
      method: "put",
      path,
      tags: ["Mappings"],
      summary: "Define how a foreign CSV or JSON becomes trips",
      description: "Used by `POST /v1/trips?mapping=NAME`, and by itself for rows that fit no built-in format.",
      request: { params, body: jsonBody(Definition) },
      responses: {
        ...replies(200, "The mapping", Mapping, 400, 409, 413, 503),
        ...replies(201, "The mapping, which is new", Mapping),
      },
    },
    handle: async (c) => {
      const name = mappingName(c.req.param("name"));
      readQuery(c, z.strictObject({}));
      const { mapping, created } = await putMapping(
        mappingFrom(name, withoutAbout(await readJson(c, z.unknown()), name)),
      );
      return c.json(reply(mapping), created ? 201 : 200);
    },
  };
}

/** What a GET of the same name tells beside the definition need not be taken out before it is sent back. */
function withoutAbout(body: unknown, name: string): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { name: given, built_in, created_at, updated_at, ...definition } = body as Record<string, unknown>;
  if (given === undefined || given === name) return definition;
  const detail = `expected ${name} as in the address, or none at all`;
  throw new AppError("invalid_body", `name: ${detail}`, { errors: [{ field: "name", detail }] });
}

/** Names are folders of the inbox as well. */
function mappingName(name = ""): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const detail = "expected 1 to 100 letters, digits, dots, hyphens and underscores, a letter or a digit first";
  throw new AppError("invalid_parameter", `name: ${detail}`, { errors: [{ field: "name", detail }] });
}

/** `GET /v1/mappings/NAME`. */
export function getMapping(findMapping: FindMapping): Endpoint {
  return {
    route: {
      method: "get",
      path,
      tags: ["Mappings"],
      summary: "A mapping",
      request: { params },
      responses: replies(200, "The mapping", Mapping, 400, 404, 503),
    },
    handle: async (c) => {
      const name = mappingName(c.req.param("name"));
      const mapping = await findMapping(name);
      if (!mapping) throw new AppError("not_found", `There is no mapping ${name}.`);
      return c.json(reply(mapping));
    },
  };
}

/** `GET /v1/mappings`. */
export function listMappingsEndpoint(listMappings: ListMappings): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/mappings",
      tags: ["Mappings"],
      summary: "All mappings, the built-in ones first",
      responses: replies(200, "The mappings", z.object({ mappings: z.array(Mapping) }), 503),
    },
    handle: async (c) => c.json({ mappings: (await listMappings()).map(reply) }),
  };
}

/** `DELETE /v1/mappings/NAME`: trips and batches stay as they are. */
export function deleteMappingEndpoint(deleteMapping: DeleteMapping): Endpoint {
  return {
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
