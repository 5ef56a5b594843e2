import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readBytes, readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { Instant } from "../time/instant.ts";
import type { DeleteLookup, FindLookup, ListLookups, PutLookup } from "./lookup.ts";
import { readLookup } from "./read-lookup.ts";

/** Areas have many vertices, so a lookup may be so many times larger than a question. */
const LARGER = 8;

const params = z.object({ name: z.string().meta({ example: "helsinki-stations" }) });
const path = "/v1/lookups/{name}";

const summary = { name: z.string(), places: z.int(), created_at: Instant, updated_at: Instant };
const Lookup = z.object(summary).meta({ id: "Lookup", description: "`places` is the number of its places" });
const LookupPlaces = z
  .object({
    ...summary,
    points: z.record(z.string(), z.tuple([z.number(), z.number()])).meta({ description: "By id: [lon, lat]" }),
  })
  .meta({ id: "LookupPlaces" });

const query = z.strictObject({
  id: z.string().min(1).max(200).optional().meta({
    description: "The column or property that has the ids; without it, one with a usual name",
    example: "LocationID",
  }),
});

const content = z.string().meta({ description: "CSV with an id, a longitude and a latitude in each row" });
const features = z.looseObject({}).meta({
  description: "A GeoJSON FeatureCollection of points or areas, or `station_information` of GBFS as it is",
});

/** `PUT /v1/lookups/NAME`: defines a lookup or replaces it. */
function putLookupEndpoint(putLookup: PutLookup): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "put",
      path,
      tags: ["Mappings"],
      summary: "Define the places of stations or zones that rows name by an id",
      description: "A mapping uses it with `lookup` in the rule of a column. An area stands for a point inside of it.",
      request: {
        params,
        query,
        body: {
          required: true,
          content: { "text/csv": { schema: content }, "application/json": { schema: features } },
        },
      },
      responses: {
        ...replies(200, "The lookup", Lookup, 400, 413, 503),
        ...replies(201, "The lookup, which is new", Lookup),
      },
    },
    handle: async (c) => {
      const name = lookupName(c.req.param("name"));
      const { id } = readQuery(c, query);
      const { created, ...lookup } = await putLookup(name, readLookup(await readBytes(c, LARGER), id));
      return c.json(lookup, created ? 201 : 200);
    },
  };
}

/** Checks a lookup's name. */
function lookupName(name = ""): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const detail = "expected 1 to 100 letters, digits, dots, hyphens and underscores, a letter or a digit first";
  throw new AppError("invalid_parameter", `name: ${detail}`, { errors: [{ field: "name", detail }] });
}

/** `GET /v1/lookups/NAME`. */
function getLookup(findLookup: FindLookup): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path,
      tags: ["Mappings"],
      summary: "A lookup with its places",
      request: { params },
      responses: replies(200, "The lookup", LookupPlaces, 400, 404, 503),
    },
    handle: async (c) => {
      const name = lookupName(c.req.param("name"));
      const lookup = await findLookup(name);
      if (!lookup) throw new AppError("not_found", `There is no lookup ${name}.`);
      return c.json({ ...lookup, points: Object.fromEntries(lookup.points) });
    },
  };
}

/** `GET /v1/lookups`. */
function listLookupsEndpoint(listLookups: ListLookups): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/v1/lookups",
      tags: ["Mappings"],
      summary: "All lookups",
      responses: replies(200, "The lookups", z.object({ lookups: z.array(Lookup) }), 503),
    },
    handle: async (c) => c.json({ lookups: await listLookups() }),
  };
}

/** `DELETE /v1/lookups/NAME`: trips stay as they are. */
function deleteLookupEndpoint(deleteLookup: DeleteLookup): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "delete",
      path,
      tags: ["Mappings"],
      summary: "Forget a lookup",
      description: "What was taken in with it stays as it is. A mapping that names it cannot read rows any more.",
      request: { params },
      responses: {
        204: { description: "Forgotten" },
        ...replies(404, "No such lookup", z.unknown(), 400, 404, 503),
      },
    },
    handle: async (c) => {
      const name = lookupName(c.req.param("name"));
      if (await deleteLookup(name)) return c.body(null, 204);
      throw new AppError("not_found", `There is no lookup ${name}.`);
    },
  };
}

interface Deps {
  putLookup: PutLookup;
  findLookup: FindLookup;
  listLookups: ListLookups;
  deleteLookup: DeleteLookup;
}

/** The endpoints for lookups: places that rows name by an id. */
export const endpoints = (deps: Deps): Endpoint[] => [
  putLookupEndpoint(deps.putLookup),
  getLookup(deps.findLookup),
  listLookupsEndpoint(deps.listLookups),
  deleteLookupEndpoint(deps.deleteLookup),
];
