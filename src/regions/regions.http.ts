import { z } from "zod";
import { makeValid, makeValidMember } from "../geo/area-question.ts";
import { areaFromValue } from "../geo/area-text.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { parseWith, readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { named } from "../kit/named.http.ts";
import { replies } from "../kit/replies.http.ts";
import { isStorable } from "../kit/storable.ts";
import { putRegionsEndpoint } from "./put-regions.http.ts";
import {
  type DeleteRegion,
  type FindRegion,
  ListedRegion,
  type ListRegions,
  type PutRegion,
  type PutRegions,
  Region,
} from "./region.ts";
import { regionName } from "./region-name.ts";
import { zoneNamed } from "./region-zone.ts";

const regions = named({
  ...{ what: "region", path: "/v1/regions", tag: "Regions", example: "Turin" },
  checkName: (name) => regionName(name),
});

const zone = z.string().min(1).max(100).refine(isStorable).optional().meta({
  description: "IANA name; once trips carry the region, their local times must follow it",
  example: "Europe/Rome",
});
const query = z.strictObject({
  time_zone: zone,
  make_valid: makeValid,
  recompute: z.enum(["true", "false"]).optional().meta({
    description: "true moves trips whose local times do not follow the time zone, in the background",
  }),
});

const body = z
  .strictObject({
    boundary: z.unknown().optional().meta({ description: "GeoJSON; the members of a FeatureCollection are united" }),
    make_valid: makeValidMember,
    time_zone: zone,
  })
  .meta({
    id: "RegionChange",
    description: "What is left out stays as it is. GeoJSON by itself is taken for the boundary.",
  });

/** `PUT /v1/regions/NAME`: defines a region or changes the given parts of it. */
export function putRegionEndpoint(putRegion: PutRegion, limits: Limits): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "put",
      path: regions.path,
      tags: ["Regions"],
      summary: "Define a region: its boundary, its time zone",
      request: { params: regions.params, query, body: jsonBody(body) },
      responses: {
        ...replies(200, "The region", Region, 400, 409, 413, 422, 503),
        ...replies(201, "The region, which is new", Region),
        ...replies(202, "The region, whose trips are being moved to its time zone", Region),
      },
    },
    handle: async (c) => {
      const given = await readJson(c, z.looseObject({}));
      const fromQuery = readQuery(c, query);
      const bare = typeof given.type === "string";
      const change = bare
        ? { boundary: given as unknown, time_zone: undefined, make_valid: undefined }
        : parseWith(body, given, "invalid_body");
      const hasBoundary = change.boundary !== undefined && change.boundary !== null;
      const { region, created } = await putRegion({
        name: regions.nameOf(c),
        timeZone: zoneNamed(change.time_zone ?? fromQuery.time_zone),
        recompute: fromQuery.recompute === "true",
        boundary: hasBoundary
          ? areaFromValue(change.boundary, bare ? "body" : "boundary", {
              maxVertices: limits.maxVertices,
              makeValid: change.make_valid ?? fromQuery.make_valid,
            })
          : undefined,
      });
      if (region.recompute?.state !== "running") return c.json(region, created ? 201 : 200);
      c.header("Location", `/v1/regions/${encodeURIComponent(region.name)}`);
      return c.json(region, 202);
    },
  };
}

interface Deps {
  putRegion: PutRegion;
  putRegions: PutRegions;
  findRegion: FindRegion;
  listRegions: ListRegions;
  deleteRegion: DeleteRegion;
  limits: Limits;
}

/** The endpoints for regions and their boundaries. */
export const endpoints = (deps: Deps): Endpoint[] => [
  putRegionEndpoint(deps.putRegion, deps.limits),
  putRegionsEndpoint(deps.putRegions, deps.limits),
  regions.getOne({ scope: "read" }, Region, deps.findRegion, "A region and its boundary"),
  regions.getAll({ scope: "read" }, ListedRegion, deps.listRegions, "All regions that are defined or that trips carry"),
  regions.deleteOne({ scope: "admin" }, "Remove a region's boundary", deps.deleteRegion, {
    description:
      "Trips keep the name. While trips carry it, its time zone stays, since their local times came from it.",
  }),
];
