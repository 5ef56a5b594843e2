import { z } from "zod";
import type { PolygonArea } from "../geo/area.ts";
import { areaFeatures } from "../geo/area-features.ts";
import { makeValid } from "../geo/area-question.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { replies } from "../kit/replies.http.ts";
import { isStorable } from "../kit/storable.ts";
import type { PutRegions, RegionChange } from "./region.ts";
import { regionName } from "./region-name.ts";
import { zoneNamed } from "./region-zone.ts";

/** Limit of the features of one collection. */
const MAX_REGIONS = 5000;
/** How much larger a body with many boundaries may be than one with a single boundary. */
const BODY_FACTOR = 4;

const query = z.strictObject({
  name: z.string().min(1).max(200).default("name").meta({
    description: "The property of a feature that names its region; features with the same name are united",
    example: "stadtteil_name",
  }),
  time_zone: z.string().min(1).max(100).refine(isStorable).optional().meta({
    description: "IANA name, of all these regions",
    example: "Europe/Berlin",
  }),
  make_valid: makeValid,
  recompute: z.enum(["true", "false"]).optional().meta({
    description: "true moves trips whose local times do not follow the time zone, in the background",
  }),
});

const answer = z
  .object({ regions: z.array(z.object({ name: z.string(), created: z.boolean() })) })
  .meta({ id: "PutRegions" });

/** `PUT /v1/regions?name=PROPERTY`: defines a region for each name in a FeatureCollection, all or none. */
export function putRegionsEndpoint(putRegions: PutRegions, limits: Limits): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "put",
      path: "/v1/regions",
      tags: ["Regions"],
      summary: "Define many regions at once: the features of a FeatureCollection",
      request: { query, body: jsonBody(z.looseObject({ type: z.literal("FeatureCollection") })) },
      responses: replies(200, "The regions, by name", answer, 400, 409, 413, 422, 503),
    },
    handle: async (c) => {
      const { name: nameProperty, time_zone, make_valid, recompute } = readQuery(c, query);
      const timeZone = zoneNamed(time_zone);
      const body = await readJson(c, z.looseObject({}), BODY_FACTOR);
      const options = {
        nameProperty,
        makeValid: make_valid,
        maxVertices: limits.maxVertices,
        maxFeatures: MAX_REGIONS,
      };
      const byName = new Map<string, PolygonArea>();
      for (const [i, { name, area }] of areaFeatures(body, "body", options).entries()) {
        const known = regionName(name ?? undefined, `body.features[${i}].properties.${nameProperty}`);
        const before = byName.get(known);
        byName.set(known, before ? { ...area, polygons: [...before.polygons, ...area.polygons] } : area);
      }
      const changes = [...byName].map(
        ([name, boundary]): RegionChange => ({ name, boundary, timeZone, recompute: recompute === "true" }),
      );
      return c.json({ regions: await putRegions(changes) });
    },
  };
}
