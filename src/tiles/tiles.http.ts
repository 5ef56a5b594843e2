import { createHash } from "node:crypto";
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../errors.ts";
import { withArea } from "../geo/area-question.ts";
import { currentBound } from "../kit/bounds.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { problems } from "../kit/replies.http.ts";
import type { ReadExtent } from "../ogc/features.ts";
import { requireTripAccess } from "../trips/trip-access.http.ts";
import { LAYERS, type Layer, QUERIES } from "./layers.ts";
import { ogcTileEndpoints } from "./ogc-tiles.http.ts";
import { Remembered } from "./remember.ts";
import { MAX_ZOOM, type Tile, tileFrom } from "./tile.ts";
import { getTileJson } from "./tile-json.http.ts";
import { type DataState, type DrawnTile, type DrawTile, MVT_TYPE, type ReadDataState } from "./tiles.ts";

/** A tag of a tile takes about 200 bytes. */
const MOST_TAGS = 10_000;
/** The tag of a tile as of a state of the data. */
type Tags = Remembered<{ version: string; etag: string }>;

const params = z.object({
  z: z.string().openapi({ description: "Zoom level", example: "10" }),
  x: z.string().openapi({ description: "Column from the west", example: "533" }),
  y: z.string().openapi({ description: "Row from the north; may end in `.mvt`", example: "368" }),
});

/** `GET /tiles/ID/Z/X/Y.mvt`. */
function getTile(layer: Layer, draw: DrawTile, readDataState: ReadDataState, tags: Tags): Endpoint {
  return {
    scope: layer.scope,
    bounds: layer.bounds,
    route: {
      method: "get",
      path: `/tiles/${layer.id}/{z}/{x}/{y}`,
      tags: ["Tiles"],
      summary: `${layer.title} as a vector tile`,
      description: `${layer.description} Web Mercator. The reply has an \`ETag\`: with \`If-None-Match\` an unchanged tile is not sent again.`,
      request: { params, query: QUERIES[layer.id] },
      responses: {
        200: { description: "Mapbox Vector Tile 2.1", content: { [MVT_TYPE]: { schema: z.string() } } },
        204: { description: "Nothing is in this tile" },
        304: { description: "The tile is unchanged" },
        ...problems(400, 403, 404, 422, 429, 503),
      },
    },
    handle: async (c) => {
      const tile = tileOf(c, layer);
      const drawNow = drawerOf(c, layer, draw, tile);
      return sendTile(c, tags, await readDataState(), drawNow);
    },
  };
}

/** @throws AppError not_found if there is no such tile */
function tileOf(c: Context, { minZoom }: Layer): Tile {
  const [zoom = "", x = "", y = ""] = ["z", "x", "y"].map((name) => c.req.param(name));
  const tile = tileFrom(zoom, x, y.replace(/\.mvt$/, ""));
  if (tile && tile.z >= minZoom) return tile;
  throw new AppError("not_found", `There is no such tile: zoom levels go from ${minZoom} to ${MAX_ZOOM}.`);
}

type Draw = (state: DataState) => Promise<DrawnTile>;

/** Checks the parameters, so that a wrong one is an error even where the tile is known. */
function drawerOf(c: Context, { id }: Layer, draw: DrawTile, tile: Tile): Draw {
  if (id === "clusters") {
    const question = withArea(readQuery(c, QUERIES.clusters));
    return (state) => draw.clusters(tile, question, state);
  }
  const filters = readQuery(c, QUERIES[id]);
  return (state) => draw[id](tile, filters, state);
}

/** Nothing is drawn if the client has the tile and no data have changed since it was drawn. */
async function sendTile(c: Context, tags: Tags, state: DataState, draw: Draw): Promise<Response> {
  const url = new URL(c.req.url);
  url.searchParams.sort();
  const key = digestOf(`${url.pathname}?${url.searchParams} ${JSON.stringify(currentBound() ?? null)}`);
  const known = (c.req.header("if-none-match") ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  const tag = tags.get(key);
  // A browser asks again each time, so it never shows what is out of date.
  const headers = { "cache-control": "no-cache" };
  if (tag?.version === state.version && known.includes(tag.etag))
    return c.body(null, 304, { ...headers, etag: tag.etag });
  const { bytes, isTruncated, retiredBefore } = await draw(state);
  const etag = `"${digestOf(bytes)}"`;
  tags.set(key, { version: state.version, etag });
  const all = {
    ...{ ...headers, etag, "Tripgrid-Truncated": String(isTruncated) },
    ...(retiredBefore ? { "Tripgrid-Retired-Before": retiredBefore } : {}),
  };
  if (known.includes(etag)) return c.body(null, 304, all);
  if (bytes.length === 0) return c.body(null, 204, all);
  return c.body(new Uint8Array(bytes), 200, { ...all, "content-type": MVT_TYPE });
}

const digestOf = (content: string | Buffer) => createHash("sha256").update(content).digest("base64url").slice(0, 22);

interface Deps {
  drawTile: DrawTile;
  readDataState: ReadDataState;
  readExtent: ReadExtent;
  /** Whether single trips may be read. */
  exposeTrips: boolean;
}

/** Vector tiles of cells, clusters, regions and trips at `/tiles`. */
export function endpoints({ drawTile, readDataState, readExtent, exposeTrips }: Deps): Endpoint[] {
  const tags: Tags = new Remembered(MOST_TAGS);
  const layers = Object.values(LAYERS).flatMap((layer) => {
    const isShown = layer.scope !== "trips" || exposeTrips;
    return [
      requireTripAccess(getTileJson(layer, readExtent), isShown),
      requireTripAccess(getTile(layer, drawTile, readDataState, tags), isShown),
    ];
  });
  return [...layers, ...ogcTileEndpoints(readExtent, exposeTrips)];
}
