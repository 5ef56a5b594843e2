import { z } from "zod";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { parseBody, readBytes, readQuery } from "../kit/input.http.ts";
import { named } from "../kit/named.http.ts";
import { replies } from "../kit/replies.http.ts";
import { Instant } from "../time/instant.ts";
import type { DeleteLookup, FindLookup, ListLookups, PutLookup } from "./lookup.ts";
import { readLookup } from "./read-lookup.ts";

/** How many times larger than a question a lookup may be: its areas have many vertices. */
const LARGER = 8;

const lookups = named({ what: "lookup", path: "/v1/lookups", tag: "Mappings", example: "helsinki-stations" });

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
      path: lookups.path,
      tags: ["Mappings"],
      summary: "Define the places of stations or zones that rows name by an id",
      description: "A mapping uses it with `lookup` in the rule of a column. An area stands for a point inside of it.",
      request: {
        params: lookups.params,
        query,
        body: {
          required: true,
          content: { "text/csv": { schema: content }, "application/json": { schema: features } },
        },
      },
      responses: {
        ...replies(200, "The lookup", Lookup, 400, 413, 422, 503),
        ...replies(201, "The lookup, which is new", Lookup),
      },
    },
    handle: async (c) => {
      const name = lookups.nameOf(c);
      const { id } = readQuery(c, query);
      const places = await readLookup(await readBytes(c, LARGER), id, (text) => parseBody(c, text, LARGER));
      const { created, ...lookup } = await putLookup(name, places);
      return c.json(lookup, created ? 201 : 200);
    },
  };
}

const showLookup = (findLookup: FindLookup) => async (name: string) => {
  const lookup = await findLookup(name);
  return lookup && { ...lookup, points: Object.fromEntries(lookup.points) };
};

interface Deps {
  putLookup: PutLookup;
  findLookup: FindLookup;
  listLookups: ListLookups;
  deleteLookup: DeleteLookup;
}

/** The endpoints for lookups: places that rows name by an id. */
export const endpoints = (deps: Deps): Endpoint[] => [
  putLookupEndpoint(deps.putLookup),
  lookups.getOne({ scope: "read" }, LookupPlaces, showLookup(deps.findLookup), "A lookup with its places"),
  lookups.getAll({ scope: "read" }, Lookup, deps.listLookups, "All lookups"),
  lookups.deleteOne({ scope: "admin" }, "Forget a lookup", deps.deleteLookup, {
    description: "What was taken in with it stays as it is. A mapping that names it cannot read rows any more.",
  }),
];
