import { z } from "zod";
import { AppError } from "../errors.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { FaultsError } from "../kit/faults.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import { named } from "../kit/named.http.ts";
import { replies } from "../kit/replies.http.ts";
import type { DeleteMapping, FindMapping, ListMappings, PutMapping } from "./mapping.ts";
import { MappingDefinition, MappingReply, mappingFrom, mappingReply } from "./mapping-definition.ts";
import { zoneFaults } from "./mapping-faults.ts";

const mappings = named({ what: "mapping", path: "/v1/mappings", tag: "Mappings", example: "bike-share" });

/** `PUT /v1/mappings/NAME`: defines a mapping or replaces it. */
export function putMappingEndpoint(putMapping: PutMapping): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "put",
      path: mappings.path,
      tags: ["Mappings"],
      summary: "Define how a foreign CSV or JSON becomes trips",
      description: "Used by `POST /v1/trips?mapping=NAME`, and by itself for rows that fit no built-in format.",
      request: { params: mappings.params, body: jsonBody(MappingDefinition) },
      responses: {
        ...replies(200, "The mapping", MappingReply, 400, 409, 413, 503),
        ...replies(201, "The mapping, which is new", MappingReply),
      },
    },
    handle: async (c) => {
      const name = mappings.nameOf(c);
      readQuery(c, z.strictObject({}));
      const given = mappingFrom(name, withoutAbout(await readJson(c, z.unknown()), name));
      const faults = zoneFaults(given);
      if (faults.length > 0) throw new FaultsError("invalid_body", faults);
      const { mapping, created } = await putMapping(given);
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

const reading = { scope: "ingest", bounds: ["source", "region"] } as const;

interface Deps {
  putMapping: PutMapping;
  findMapping: FindMapping;
  listMappings: ListMappings;
  deleteMapping: DeleteMapping;
}

/** The endpoints for mappings, which turn senders' formats into trips. */
export const endpoints = (deps: Deps): Endpoint[] => [
  putMappingEndpoint(deps.putMapping),
  mappings.getOne(reading, MappingReply, async (name) => {
    const mapping = await deps.findMapping(name);
    return mapping && mappingReply(mapping);
  }),
  mappings.getAll(
    reading,
    MappingReply,
    async () => (await deps.listMappings()).map(mappingReply),
    "All mappings, the built-in ones first",
  ),
  mappings.deleteOne({ scope: "admin" }, "Forget a mapping", deps.deleteMapping, {
    description: "What was taken in by it stays as it is. The built-in ones cannot be deleted.",
    errors: [409],
  }),
];
