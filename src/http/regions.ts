import { z } from "@hono/zod-openapi";
import { polygonsFromGeoJson } from "../area.ts";
import { AppError } from "../errors.ts";
import type { DeleteRegion, FindRegion, ListRegions, PutRegion } from "../region.ts";
import { isStorable } from "../storable.ts";
import { type Endpoint, jsonBody } from "./endpoint.ts";
import { parseWith, readJson, readQuery } from "./input.ts";
import { Instant, replies } from "./schemas.ts";

const params = z.object({ name: z.string() });
const path = "/v1/regions/{name}";

const zone = z
  .string()
  .min(1)
  .max(100)
  .refine(isStorable)
  .optional()
  .openapi({ description: "IANA name; fixed once trips carry the region", example: "Europe/Rome" });
const query = z.strictObject({ time_zone: zone });

const body = z
  .strictObject({
    boundary: z.unknown().optional().openapi({ description: "GeoJSON; the members of a FeatureCollection are united" }),
    time_zone: zone,
  })
  .openapi("RegionChange", {
    description: "What is left out stays as it is. GeoJSON by itself is taken for the boundary.",
  });

const listed = { name: z.string(), time_zone: z.string(), has_trips: z.boolean(), updated_at: Instant };
const Region = z
  .object({ ...listed, boundary: z.looseObject({ type: z.string() }).nullable().openapi({ description: "GeoJSON" }) })
  .openapi("Region");

/** `PUT /v1/regions/NAME`: defines a region or changes what is given of it. */
export function putRegionEndpoint(putRegion: PutRegion): Endpoint {
  return {
    route: {
      method: "put",
      path,
      tags: ["Regions"],
      summary: "Define a region: its boundary, its time zone",
      request: { params, query, body: jsonBody(body) },
      responses: {
        ...replies(200, "The region", Region, 400, 409, 413, 422, 503),
        ...replies(201, "The region, which is new", Region),
      },
    },
    handle: async (c) => {
      const given = await readJson(c, z.looseObject({}));
      const fromQuery = readQuery(c, query);
      const bare = typeof given.type === "string";
      const change = bare
        ? { boundary: given as unknown, time_zone: undefined }
        : parseWith(body, given, "invalid_body");
      const hasBoundary = change.boundary !== undefined && change.boundary !== null;
      const { region, created } = await putRegion({
        name: regionName(c.req.param("name")),
        timeZone: change.time_zone ?? fromQuery.time_zone,
        polygons: hasBoundary ? polygonsFromGeoJson(change.boundary, bare ? "body" : "boundary") : undefined,
      });
      return c.json(region, created ? 201 : 200);
    },
  };
}

function regionName(name = ""): string {
  if (name.length <= 200 && name.trim() !== "" && isStorable(name)) return name;
  throw new AppError("invalid_parameter", "name: expected 1 to 200 characters.", {
    errors: [{ field: "name", detail: "expected 1 to 200 characters" }],
  });
}

/** `GET /v1/regions/NAME`. */
export function getRegion(findRegion: FindRegion): Endpoint {
  return {
    route: {
      method: "get",
      path,
      tags: ["Regions"],
      summary: "A region and its boundary",
      request: { params },
      responses: replies(200, "The region", Region, 404, 503),
    },
    handle: async (c) => {
      const region = await findRegion(regionName(c.req.param("name")));
      if (!region) throw new AppError("not_found", `There is no region ${c.req.param("name")}.`);
      return c.json(region);
    },
  };
}

/** `GET /v1/regions`. */
export function listRegionsEndpoint(listRegions: ListRegions): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/regions",
      tags: ["Regions"],
      summary: "All regions that are defined or that trips carry",
      responses: replies(
        200,
        "The regions",
        z.object({ regions: z.array(z.object({ ...listed, has_boundary: z.boolean() })) }),
        503,
      ),
    },
    handle: async (c) => c.json({ regions: await listRegions() }),
  };
}

/** `DELETE /v1/regions/NAME`: trips keep the name; while there are any, the time zone stays as well. */
export function deleteRegionEndpoint(deleteRegion: DeleteRegion): Endpoint {
  return {
    route: {
      method: "delete",
      path,
      tags: ["Regions"],
      summary: "Remove a region's boundary",
      description:
        "Trips keep the name. While trips carry it, its time zone stays, since their local times came from it.",
      request: { params },
      responses: { 204: { description: "Removed" }, ...replies(404, "No such region", z.unknown(), 404, 503) },
    },
    handle: async (c) => {
      if (await deleteRegion(regionName(c.req.param("name")))) return c.body(null, 204);
      throw new AppError("not_found", `There is no region ${c.req.param("name")}.`);
    },
  };
}
