import { z } from "@hono/zod-openapi";
import { currentBound } from "../kit/bounds.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import type { ReadExtent } from "../ogc/features.ts";
import { rootOf } from "../ogc/links.http.ts";
import { type Layer, QUERIES } from "./layers.ts";
import { MAX_ZOOM } from "./tile.ts";

const TileJson = z
  .looseObject({
    tilejson: z.string(),
    tiles: z.array(z.string()),
    minzoom: z.int(),
    maxzoom: z.int(),
    bounds: z.array(z.number()),
    vector_layers: z.array(z.looseObject({ id: z.string(), fields: z.record(z.string(), z.string()) })),
  })
  .openapi("TileJson");

/** `GET /tiles/ID`: TileJSON 3.0. */
export function getTileJson(layer: Layer, readExtent: ReadExtent): Endpoint {
  const query = QUERIES[layer.id];
  return {
    scope: layer.scope,
    bounds: layer.bounds,
    route: {
      method: "get",
      path: `/tiles/${layer.id}`,
      tags: ["Tiles"],
      summary: `Where the tiles of ${layer.title.toLowerCase()} are, as TileJSON`,
      description: "The parameters go into the addresses of the tiles.",
      request: { query },
      responses: replies(200, "TileJSON 3.0", TileJson, 400, 403, 503),
    },
    handle: async (c) => {
      readQuery(c, query);
      const root = rootOf(c).replace(/ogc$/, `tiles/${layer.id}`);
      return c.json({
        tilejson: "3.0.0",
        name: layer.title,
        description: layer.description,
        tiles: [`${root}/{z}/{x}/{y}.mvt${new URL(c.req.url).search}`],
        minzoom: layer.minZoom,
        maxzoom: MAX_ZOOM,
        bounds: await shownBounds(readExtent),
        vector_layers: [{ id: layer.id, minzoom: layer.minZoom, maxzoom: MAX_ZOOM, fields: fieldsOf(layer) }],
      });
    },
  };
}

/** The square grid ends at this latitude. */
const WORLD = [-180, -85.05112877980659, 180, 85.05112877980659] as const;

/**
 * Where the tiles are: west, south, east, north, degrees. The extent is that of everybody's trips, so a caller that is
 * bound to a source or a region is told the whole world.
 */
export async function shownBounds(readExtent: ReadExtent): Promise<readonly [number, number, number, number]> {
  if (currentBound()) return WORLD;
  return (await readExtent()).bbox ?? WORLD;
}

const fieldsOf = ({ fields }: Layer) =>
  Object.fromEntries(Object.entries(fields).map(([name, { description }]) => [name, description]));
