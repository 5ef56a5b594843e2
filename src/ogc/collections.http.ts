import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { nearest } from "../kit/nearest.ts";
import { problems, replies } from "../kit/replies.http.ts";
import { shownName } from "../kit/shown.ts";
import { COLLECTIONS, type Collection, GEOMETRY } from "./collection.ts";
import { CRS_URIS, DEFAULT_CRS } from "./crs.ts";
import type { Extent, ReadExtent } from "./features.ts";
import { formatQuery, LinkSchema } from "./landing.http.ts";
import { GEOJSON_TYPE, JSON_TYPE, type Link, rootOf, SCHEMA_TYPE, selfLinks, wantsHtml } from "./links.http.ts";
import { schemaOf } from "./openapi30.http.ts";
import { sendPage } from "./page.http.ts";

const query = z.strictObject(formatQuery);
const params = z.object({ collection: z.string().openapi({ example: "regions" }) });

const CollectionSchema = z
  .looseObject({
    id: z.string(),
    title: z.string(),
    description: z.string(),
    itemType: z.literal("feature"),
    crs: z.array(z.string()),
    storageCrs: z.string(),
    links: z.array(LinkSchema),
  })
  .openapi("Collection");

/** The collections, and the description and queryables of each. */
export const collectionEndpoints = (readExtent: ReadExtent): Endpoint[] => [
  listCollections(readExtent),
  getCollection(readExtent),
  getQueryables(),
];

const WORLD = [-180, -90, 180, 90];

const described = (collection: Collection, { bbox, interval }: Extent, root: string, own: Link[]) => ({
  id: collection.id,
  title: collection.title,
  description: collection.description,
  itemType: "feature",
  extent: {
    spatial: { bbox: [bbox ?? WORLD], crs: DEFAULT_CRS.uri },
    ...(collection.time ? { temporal: { interval: [interval] } } : {}),
  },
  crs: CRS_URIS,
  storageCrs: DEFAULT_CRS.uri,
  links: [
    ...own,
    { href: `${root}/collections/${collection.id}/items`, rel: "items", type: GEOJSON_TYPE, title: collection.title },
    {
      href: `${root}/collections/${collection.id}/queryables`,
      rel: "http://www.opengis.net/def/rel/ogc/1.0/queryables",
      type: SCHEMA_TYPE,
      title: "What filters may name",
    },
  ] satisfies Link[],
});

function listCollections(readExtent: ReadExtent): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/ogc/collections",
      tags: ["OGC API"],
      summary: "The collections of features",
      request: { query },
      responses: replies(
        200,
        "The collections",
        z.object({ collections: z.array(CollectionSchema), links: z.array(LinkSchema) }),
        400,
      ),
    },
    handle: async (c) => {
      const root = rootOf(c);
      const isHtml = wantsHtml(c, readQuery(c, query).f);
      const extent = await readExtent();
      const links = selfLinks(`${root}/collections`, JSON_TYPE, isHtml);
      const collections = COLLECTIONS.map((one) =>
        described(one, extent, root, [
          { href: `${root}/collections/${one.id}`, rel: "self", type: JSON_TYPE, title: one.title },
        ]),
      );
      if (!isHtml) return c.json({ collections, links });
      const more = COLLECTIONS.map(({ id, title }) => ({
        href: `${root}/collections/${id}?f=html`,
        rel: "item",
        title,
      }));
      return sendPage(c, { title: "Collections", links: [...more, ...links] });
    },
  };
}

function getCollection(readExtent: ReadExtent): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/ogc/collections/{collection}",
      tags: ["OGC API"],
      summary: "What a collection holds",
      request: { params, query },
      responses: replies(200, "The collection", CollectionSchema, 400, 404),
    },
    handle: async (c) => {
      const collection = collectionOf(c);
      const root = rootOf(c);
      const isHtml = wantsHtml(c, readQuery(c, query).f);
      const body = described(
        collection,
        await readExtent(),
        root,
        selfLinks(`${root}/collections/${collection.id}`, JSON_TYPE, isHtml),
      );
      if (!isHtml) return c.json(body);
      const rows = Object.entries(collection.properties).map(([name, { type, title }]) => [name, type, title]);
      const table = { columns: ["property", "type", "meaning"], rows };
      const links = body.links.map((link) => (link.rel === "items" ? { ...link, href: `${link.href}?f=html` } : link));
      return sendPage(c, { title: collection.title, text: collection.description, table, links });
    },
  };
}

function getQueryables(): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/ogc/collections/{collection}/queryables",
      tags: ["OGC API"],
      summary: "What the filters of a collection may name",
      request: { params, query },
      responses: {
        200: { description: "JSON Schema", content: { [SCHEMA_TYPE]: { schema: z.looseObject({}) } } },
        ...problems(400, 404),
      },
    },
    handle: (c) => {
      const collection = collectionOf(c);
      const isHtml = wantsHtml(c, readQuery(c, query).f);
      const href = `${rootOf(c)}/collections/${collection.id}/queryables`;
      const fields = Object.entries(collection.properties);
      if (isHtml) {
        const rows = [[GEOMETRY, collection.geometry], ...fields.map(([name, { type }]) => [name, type])];
        return sendPage(c, {
          title: `${collection.title}: queryables`,
          table: { columns: ["name", "type"], rows },
          links: selfLinks(href, SCHEMA_TYPE, true),
        });
      }
      const schema = {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        $id: href,
        type: "object",
        title: collection.title,
        properties: {
          [GEOMETRY]: { $ref: `https://geojson.org/schema/${collection.geometry}.json` },
          ...Object.fromEntries(fields.map(([name, { type, title }]) => [name, { title, ...schemaOf(type) }])),
        },
        additionalProperties: false,
      };
      return c.body(JSON.stringify(schema), 200, { "content-type": SCHEMA_TYPE });
    },
  };
}

/** @throws AppError not_found with the nearest name: GIS users type the names of layers */
function collectionOf(c: Context): Collection {
  const name = c.req.param("collection") ?? "";
  const found = COLLECTIONS.find(({ id }) => id === name);
  if (found) return found;
  const names = COLLECTIONS.map(({ id }) => id);
  throw new AppError(
    "not_found",
    `There is no collection ${shownName(name)}; did you mean ${nearest(name, names) ?? names.join(", ")}?`,
  );
}
