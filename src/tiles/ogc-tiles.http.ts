import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import type { ReadExtent } from "../ogc/features.ts";
import { formatQuery } from "../ogc/landing.http.ts";
import { JSON_TYPE, rootOf, selfLinks, wantsHtml } from "../ogc/links.http.ts";
import { sendPage } from "../ogc/page.http.ts";
import { requireTripAccess } from "../trips/trip-access.http.ts";
import { LAYERS, type Layer, QUERIES } from "./layers.ts";
import { MAX_ZOOM, sideOf } from "./tile.ts";
import { shownBounds } from "./tile-json.http.ts";
import { MVT_TYPE } from "./tiles.ts";

const CRS = "http://www.opengis.net/def/crs/EPSG/0/3857";
const SCHEME = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const SCALE_SET = "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible";
const SCHEME_REL = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

const nothing = z.strictObject(formatQuery);
const TileSets = z.object({ tilesets: z.array(z.looseObject({})), links: z.array(z.looseObject({})) });
const MatrixSets = z.object({ tileMatrixSets: z.array(z.looseObject({})) });

/** OGC API – Tiles: what tiles there are, for clients of the standard. The tiles themselves are at `/tiles`. */
export const ogcTileEndpoints = (readExtent: ReadExtent, exposeTrips: boolean): Endpoint[] => [
  listTileSets(exposeTrips),
  ...Object.values(LAYERS).map((layer) =>
    requireTripAccess(getTileSet(layer, readExtent), layer.scope !== "trips" || exposeTrips),
  ),
  listMatrixSets(),
  getMatrixSet(),
];

const described = (path: string, summary: string, query: z.ZodObject, schema: z.ZodType): Endpoint["route"] => ({
  ...{ method: "get", path, tags: ["OGC API"], summary, request: { query } },
  responses: replies(200, summary, schema, 400, 403, 503),
});

/** `GET /ogc/tiles`. */
function listTileSets(exposeTrips: boolean): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: described("/ogc/tiles", "The sets of vector tiles", nothing, TileSets),
    handle: (c) => {
      const isHtml = wantsHtml(c, readQuery(c, nothing).f);
      const root = rootOf(c);
      const shown = Object.values(LAYERS).filter(({ scope }) => scope !== "trips" || exposeTrips);
      const links = selfLinks(`${root}/tiles`, JSON_TYPE, isHtml);
      if (isHtml) {
        const sets = shown.map(({ id, title }) => ({ href: `${root}/tiles/${id}`, rel: "item", title }));
        const rows = shown.map(({ id, title, description }) => [id, title, description]);
        const table = { columns: ["id", "title", "description"], rows };
        return sendPage(c, { title: "Vector tiles", table, links: [...links, ...sets] });
      }
      const tilesets = shown.map((layer) => ({
        ...aboutOf(layer),
        links: [
          { href: `${root}/tiles/${layer.id}`, rel: "self", type: JSON_TYPE, title: layer.title },
          { href: `${root}/tileMatrixSets/WebMercatorQuad`, rel: SCHEME_REL, type: JSON_TYPE },
        ],
      }));
      return c.json({ tilesets, links });
    },
  };
}

const aboutOf = ({ title }: Layer) => ({ title, dataType: "vector", crs: CRS, tileMatrixSetURI: SCHEME });

/** `GET /ogc/tiles/LAYER`: its metadata. The parameters go into the address of the tiles. */
function getTileSet(layer: Layer, readExtent: ReadExtent): Endpoint {
  const query = QUERIES[layer.id].extend(formatQuery).strict();
  return {
    scope: layer.scope,
    bounds: layer.bounds,
    route: described(
      `/ogc/tiles/${layer.id}`,
      `The tile set of ${layer.title.toLowerCase()}`,
      query,
      z.looseObject({}),
    ),
    handle: async (c: Context) => {
      const isHtml = wantsHtml(c, readQuery(c, query).f);
      const root = rootOf(c);
      const url = new URL(c.req.url);
      if (url.searchParams.has("f")) url.searchParams.delete("f");
      const { search } = url;
      const tiles = `${root.replace(/ogc$/, "tiles")}/${layer.id}`;
      const [west, south, east, north] = await shownBounds(readExtent);
      const address = `${tiles}/{tileMatrix}/{tileCol}/{tileRow}.mvt${search}`;
      const links = [
        ...selfLinks(`${root}/tiles/${layer.id}${search}`, JSON_TYPE, isHtml),
        { href: `${root}/tileMatrixSets/WebMercatorQuad`, rel: SCHEME_REL, type: JSON_TYPE },
        { href: address, rel: "item", type: MVT_TYPE, templated: true },
        { href: `${tiles}${search}`, rel: "describedby", type: JSON_TYPE, title: "TileJSON" },
      ];
      if (isHtml) {
        const rows = Object.entries(layer.fields).map(([name, { type, description }]) => [name, type, description]);
        const table = { columns: ["property", "type", "description"], rows };
        const text = `${layer.description} Zoom levels ${layer.minZoom} to ${MAX_ZOOM}.`;
        return sendPage(c, { title: layer.title, text, table, links });
      }
      return c.json({
        ...aboutOf(layer),
        description: layer.description,
        boundingBox: {
          lowerLeft: [west, south],
          upperRight: [east, north],
          crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        },
        tileMatrixSetLimits: Array.from({ length: MAX_ZOOM + 1 - layer.minZoom }, (_, i) =>
          limitsOf(layer.minZoom + i),
        ),
        layers: [
          {
            ...{ id: layer.id, title: layer.title, dataType: "vector", geometryDimension: DIMENSIONS[layer.geometry] },
            ...{ minTileMatrix: String(layer.minZoom), maxTileMatrix: String(MAX_ZOOM) },
            propertiesSchema: { type: "object", properties: propertiesOf(layer) },
          },
        ],
        links,
      });
    },
  };
}

const DIMENSIONS = { Point: 0, LineString: 1, Polygon: 2 } as const;

const limitsOf = (z: number) => ({
  ...{ tileMatrix: String(z), minTileRow: 0, maxTileRow: 2 ** z - 1, minTileCol: 0, maxTileCol: 2 ** z - 1 },
});

const propertiesOf = ({ fields }: Layer) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { type, description }]) => [name, { type: type.toLowerCase(), description }]),
  );

/** `GET /ogc/tileMatrixSets`. */
function listMatrixSets(): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: described("/ogc/tileMatrixSets", "The grids of tiles", nothing, MatrixSets),
    handle: (c) => {
      const isHtml = wantsHtml(c, readQuery(c, nothing).f);
      const root = rootOf(c);
      const own = selfLinks(`${root}/tileMatrixSets`, JSON_TYPE, isHtml);
      const grid = { href: `${root}/tileMatrixSets/WebMercatorQuad`, type: JSON_TYPE };
      if (isHtml) {
        const links = [...own, { ...grid, rel: "item", title: "Web Mercator" }];
        return sendPage(c, { title: "Grids of tiles", links });
      }
      const links = [{ ...grid, rel: "self" }];
      return c.json({
        tileMatrixSets: [{ id: "WebMercatorQuad", title: "Web Mercator", uri: SCHEME, crs: CRS, links }],
        links: own,
      });
    },
  };
}

/** Pixels of a tile, by which the standard counts, and the metres of one of them. */
const PIXELS = 256;
const PIXEL_M = 0.000_28;

/** `GET /ogc/tileMatrixSets/WebMercatorQuad`, as OGC Two Dimensional Tile Matrix Set 2.0 writes it. */
function getMatrixSet(): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: described("/ogc/tileMatrixSets/WebMercatorQuad", "The grid of the tiles", nothing, z.looseObject({})),
    handle: (c) => {
      const isHtml = wantsHtml(c, readQuery(c, nothing).f);
      const corner = sideOf(0) / 2;
      const tileMatrices = Array.from({ length: MAX_ZOOM + 1 }, (_, z) => ({
        ...{ id: String(z), scaleDenominator: sideOf(z) / PIXELS / PIXEL_M, cellSize: sideOf(z) / PIXELS },
        ...{ cornerOfOrigin: "topLeft", pointOfOrigin: [-corner, corner] },
        ...{ tileWidth: PIXELS, tileHeight: PIXELS, matrixWidth: 2 ** z, matrixHeight: 2 ** z },
      }));
      if (isHtml) {
        const rows = tileMatrices.map(({ id, cellSize, matrixWidth }) => [id, cellSize, matrixWidth]);
        const table = { columns: ["zoom level", "metres a pixel", "tiles from west to east"], rows };
        const links = selfLinks(`${rootOf(c)}/tileMatrixSets/WebMercatorQuad`, JSON_TYPE, isHtml);
        return sendPage(c, { title: "Web Mercator", table, links });
      }
      return c.json({
        ...{ id: "WebMercatorQuad", title: "Web Mercator", uri: SCHEME, crs: CRS, orderedAxes: ["X", "Y"] },
        wellKnownScaleSet: SCALE_SET,
        tileMatrices,
      });
    },
  };
}
