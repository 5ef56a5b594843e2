import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { problems, replies } from "../kit/replies.http.ts";
import { JSON_TYPE, type Link, OPENAPI_TYPE, rootOf, selfLinks, wantsHtml } from "./links.http.ts";
import { openApi30 } from "./openapi30.http.ts";
import { sendPage } from "./page.http.ts";

export const LinkSchema = z
  .object({ href: z.string(), rel: z.string(), type: z.string().optional(), title: z.string().optional() })
  .openapi("Link");

export const formatQuery = {
  f: z.enum(["json", "html"]).optional().openapi({ description: "Instead of `Accept`", example: "json" }),
};

const query = z.strictObject(formatQuery);
/** Relations of links that OGC has defined begin so. */
const REL = "http://www.opengis.net/def/rel/ogc/1.0";
const TITLE = "Tripgrid: OGC API – Features";
const ABOUT = "Trips, cells, clusters and regions for GIS tools.";

/**
 * The requirements classes that the API conforms to. Some clients only know the names that drafts used: QGIS asks for
 * `basic-spatial-operators`.
 */
const CONFORMS_TO = [
  ...["core", "oas30", "html", "geojson"].map(
    (name) => `http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/${name}`,
  ),
  "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
  ...["filter", "features-filter", "queryables", "queryables-query-parameters"].map(
    (name) => `http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/${name}`,
  ),
  ...["core", "tileset", "tilesets-list", "dataset-tilesets", "mvt"].map(
    (name) => `http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/${name}`,
  ),
  ...["tilematrixset", "json-tilematrixset", "json-tilesetmetadata"].map(
    (name) => `http://www.opengis.net/spec/tms/2.0/conf/${name}`,
  ),
  ...[
    "cql2-text",
    "cql2-json",
    "basic-cql2",
    "advanced-comparison-operators",
    "case-insensitive-comparison",
    "basic-spatial-functions",
    "basic-spatial-functions-plus",
    "basic-spatial-operators",
    "spatial-functions",
    "temporal-functions",
    "property-property",
  ].map((name) => `http://www.opengis.net/spec/cql2/1.0/conf/${name}`),
];

/** `GET /ogc`, its conformance and its OpenAPI document. */
export const landingEndpoints = (version: string): Endpoint[] => [landing(), conformance(), definition(version)];

function landing(): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/ogc",
      tags: ["OGC API"],
      summary: "Where everything for GIS tools is",
      request: { query },
      responses: replies(
        200,
        "Links",
        z.object({ title: z.string(), description: z.string(), links: z.array(LinkSchema) }),
        400,
      ),
    },
    handle: (c) => {
      const root = rootOf(c);
      const isHtml = wantsHtml(c, readQuery(c, query).f);
      const links: Link[] = [
        ...selfLinks(root, JSON_TYPE, isHtml),
        { href: `${root}/api`, rel: "service-desc", type: OPENAPI_TYPE, title: "Definition of the API" },
        { href: root.replace(/ogc$/, "docs"), rel: "service-doc", type: "text/html", title: "Documentation" },
        { href: `${root}/conformance`, rel: "conformance", type: JSON_TYPE, title: "What it conforms to" },
        { href: `${root}/collections`, rel: "data", type: JSON_TYPE, title: "Collections" },
        { href: `${root}/tiles`, rel: `${REL}/tilesets-vector`, type: JSON_TYPE, title: "Vector tiles" },
        { href: `${root}/tileMatrixSets`, rel: `${REL}/tiling-schemes`, type: JSON_TYPE, title: "Grids of tiles" },
      ];
      return send(c, isHtml, { title: TITLE, description: ABOUT, links });
    },
  };
}

function conformance(): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/ogc/conformance",
      tags: ["OGC API"],
      summary: "The requirements classes that are met",
      request: { query },
      responses: replies(200, "Their URIs", z.object({ conformsTo: z.array(z.string()) }), 400),
    },
    handle: (c) => {
      const isHtml = wantsHtml(c, readQuery(c, query).f);
      const links = selfLinks(`${rootOf(c)}/conformance`, JSON_TYPE, isHtml);
      if (!isHtml) return c.json({ conformsTo: CONFORMS_TO, links });
      const rows = CONFORMS_TO.map((uri) => [uri]);
      return sendPage(c, { title: "Conformance", table: { columns: ["requirements class"], rows }, links });
    },
  };
}

function definition(version: string): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/ogc/api",
      tags: ["OGC API"],
      summary: "This part of the API as OpenAPI 3.0, which GIS tools read",
      request: { query },
      responses: {
        200: { description: "OpenAPI 3.0", content: { [OPENAPI_TYPE]: { schema: z.looseObject({}) } } },
        ...problems(400),
      },
    },
    handle: (c) => {
      readQuery(c, query);
      return c.body(JSON.stringify(openApi30(rootOf(c), version)), 200, { "content-type": OPENAPI_TYPE });
    },
  };
}

function send(c: Context, isHtml: boolean, page: { title: string; description: string; links: Link[] }): Response {
  if (!isHtml) return c.json(page);
  return sendPage(c, { title: page.title, text: page.description, links: page.links });
}
