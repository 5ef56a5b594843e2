import { createHash } from "node:crypto";
import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { problems, replies } from "../kit/replies.http.ts";
import type { Collection } from "./collection.ts";
import type { Extent, ReadExtent } from "./features.ts";
import { FILTER_LANGS, featureQuery } from "./items-query.ts";
import { rootOf } from "./links.http.ts";
import { MAX_ZOOM, type MakeTile, minZoomOf, tileFrom } from "./tiles.ts";

const MVT_TYPE = "application/vnd.mapbox-vector-tile";

const filterQuery = {
  datetime: z.string().optional().openapi({ description: "An instant, or two with `/` between them" }),
  filter: z.string().optional().openapi({ description: "A condition in CQL2", example: "trips > 10" }),
  "filter-lang": z.enum(FILTER_LANGS).default("cql2-text"),
};
const params = z.object({
  z: z.string().openapi({ example: "10" }),
  x: z.string().openapi({ example: "533" }),
  y: z.string().openapi({ example: "368" }),
});

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

/** `GET /tiles/ID/Z/X/Y.mvt`. */
export function getTile(collection: Collection, makeTile: MakeTile, maxVertices: number): Endpoint {
  const names = Object.keys(collection.properties).map((name) => [name, z.string().max(1000).optional()]);
  const query = z.strictObject({ ...filterQuery, ...Object.fromEntries(names) });
  return {
    scope: collection.scope,
    route: {
      method: "get",
      path: `/tiles/${collection.id}/{z}/{x}/{y}`,
      tags: ["Tiles"],
      summary: `${collection.title} as a vector tile`,
      description:
        "Web Mercator. `y` may end in `.mvt`. The reply has an `ETag`: with `If-None-Match` an unchanged tile is not sent again. At most 20,000 features.",
      request: { params, query },
      responses: {
        200: { description: "Mapbox Vector Tile 2.1", content: { [MVT_TYPE]: { schema: z.string() } } },
        204: { description: "Nothing is in this tile" },
        304: { description: "The tile is unchanged" },
        ...problems(400, 403, 404, 422, 429, 503),
      },
    },
    handle: async (c) => {
      const sent = { limit: 1, ...readQuery(c, query) } as unknown as Parameters<typeof featureQuery>[1];
      const { filters, datetime } = featureQuery(collection, sent, maxVertices);
      const [zoom = "", x = "", y = ""] = ["z", "x", "y"].map((name) => c.req.param(name));
      const tile = tileFrom(zoom, x, y.replace(/\.mvt$/, ""));
      if (!tile || tile.z < minZoomOf(collection)) {
        const detail = `There is no such tile: zoom levels go from ${minZoomOf(collection)} to ${MAX_ZOOM}.`;
        throw new AppError("not_found", detail);
      }
      const bytes = await makeTile({ collection, filters, datetime, bbox: undefined, tile });
      const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
      // A browser asks again each time, so it never shows what is out of date.
      const headers = { etag, "cache-control": "no-cache" };
      const known = (c.req.header("if-none-match") ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
      if (known.includes(etag)) return c.body(null, 304, headers);
      if (bytes.length === 0) return c.body(null, 204, headers);
      return c.body(new Uint8Array(bytes), 200, { ...headers, "content-type": MVT_TYPE });
    },
  };
}

/** `GET /tiles/ID`: TileJSON 3.0. */
export function getTileJson(collection: Collection, readExtent: ReadExtent): Endpoint {
  const query = z.strictObject(filterQuery);
  return {
    scope: collection.scope,
    route: {
      method: "get",
      path: `/tiles/${collection.id}`,
      tags: ["Tiles"],
      summary: `Where the tiles of ${collection.title.toLowerCase()} are, as TileJSON`,
      description: "The parameters go into the addresses of the tiles.",
      request: { query },
      responses: replies(200, "TileJSON 3.0", TileJson, 400, 403, 503),
    },
    handle: async (c) => {
      readQuery(c, query);
      const root = rootOf(c).replace(/ogc$/, `tiles/${collection.id}`);
      return c.json({
        tilejson: "3.0.0",
        name: collection.title,
        description: collection.description,
        tiles: [`${root}/{z}/{x}/{y}.mvt${new URL(c.req.url).search}`],
        minzoom: minZoomOf(collection),
        maxzoom: MAX_ZOOM,
        bounds: boundsOf(await readExtent()),
        vector_layers: [{ id: collection.id, fields: fieldsOf(collection) }],
      });
    },
  };
}

/** The square grid ends at this latitude. */
const boundsOf = ({ bbox }: Extent) => bbox ?? [-180, -85.05112877980659, 180, 85.05112877980659];

const fieldsOf = ({ properties }: Collection) =>
  Object.fromEntries(
    Object.entries(properties).map(([name, { type }]) => [
      name,
      type === "integer" || type === "number" ? "Number" : type === "boolean" ? "Boolean" : "String",
    ]),
  );
