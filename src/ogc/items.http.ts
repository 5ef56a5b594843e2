import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../errors.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { problems } from "../kit/replies.http.ts";
import { type Collection, idOf, keysOf } from "./collection.ts";
import { CRS_URIS, type Crs } from "./crs.ts";
import { type Feature, type FeaturePage, type FindFeature, orderOf, type ReadFeatures } from "./features.ts";
import { crsFrom, cursorOf, FILTER_LANGS, featureQuery } from "./items-query.ts";
import { formatQuery, LinkSchema } from "./landing.http.ts";
import { GEOJSON_TYPE, JSON_TYPE, type Link, rootOf, selfLinks, wantsHtml } from "./links.http.ts";
import { sendPage } from "./page.http.ts";

const crs = z
  .string()
  .optional()
  .openapi({ description: `One of ${CRS_URIS.join(", ")}` });
const itemsQuery = {
  ...formatQuery,
  bbox: z.string().optional().openapi({ description: "west,south,east,north; or six numbers, with heights" }),
  "bbox-crs": crs,
  crs,
  datetime: z
    .string()
    .optional()
    .openapi({ description: "An instant, or two with `/` between them", example: "2018-05-21T00:00:00Z/.." }),
  limit: z.coerce.number().int().min(1).default(10),
  filter: z.string().optional().openapi({ description: "A condition in CQL2", example: "trips > 10" }),
  "filter-lang": z.enum(FILTER_LANGS).default("cql2-text"),
  "filter-crs": crs,
  sortby: z.string().optional().openapi({ description: "Properties, each with `-` in front for descending order" }),
  cursor: z.string().optional().openapi({ description: "Where the page begins: from the link `next`" }),
};

const FeatureSchema = z
  .looseObject({ type: z.literal("Feature"), id: z.string(), geometry: z.unknown(), properties: z.looseObject({}) })
  .openapi("OgcFeature");
const FeatureCollectionSchema = z
  .object({
    type: z.literal("FeatureCollection"),
    features: z.array(FeatureSchema),
    numberReturned: z.int(),
    timeStamp: z.string(),
    links: z.array(LinkSchema),
  })
  .openapi("OgcFeatureCollection");

/** GeoJSON in OpenAPI. */
const geojson = (description: string, schema: z.ZodType, ...failures: number[]) => ({
  200: { description, content: { [GEOJSON_TYPE]: { schema } } },
  ...problems(...failures),
});

/** `GET /ogc/collections/ID/items`. */
export function getItems(
  collection: Collection,
  readFeatures: ReadFeatures,
  answers: AnswerDeps,
  maxVertices: number,
): Endpoint {
  const equal = Object.keys(collection.properties).map((name) => [name, z.string().max(1000).optional()]);
  const query = z.strictObject({ ...itemsQuery, ...Object.fromEntries(equal) });
  return {
    scope: collection.scope,
    route: {
      method: "get",
      path: `/ogc/collections/${collection.id}/items`,
      tags: ["OGC API"],
      summary: collection.title,
      description: `${collection.description} A property as a parameter selects the features that have this value.`,
      request: { query },
      responses: geojson("A page of features", FeatureCollectionSchema, 400, 403, 422, 429, 503),
    },
    handle: async (c) => {
      const { f, ...sent } = readQuery(c, query) as unknown as Parameters<typeof featureQuery>[1] & { f?: string };
      const asked = featureQuery(collection, sent, maxVertices);
      const page = await readFeatures(asked);
      const order = orderOf(asked).map(({ property }) => property);
      const isHtml = wantsHtml(c, f);
      const links = linksOf(c, collection, page, order, isHtml);
      if (isHtml) return itemsPage(c, collection, page, links);
      return sendAnswer(c, answers, textOf(collection, page, links), {
        contentType: GEOJSON_TYPE,
        headers: { "content-crs": `<${asked.crs.uri}>` },
      });
    },
  };
}

function linksOf(c: Context, collection: Collection, page: FeaturePage, order: string[], isHtml: boolean): Link[] {
  const root = rootOf(c);
  const parameters = new URL(c.req.url).searchParams;
  parameters.delete("f");
  const address = () => {
    const text = parameters.toString();
    return `${root}/collections/${collection.id}/items${text === "" ? "" : `?${text}`}`;
  };
  const links = selfLinks(address(), GEOJSON_TYPE, isHtml);
  const last = page.features.at(-1);
  if (page.hasMore && last) {
    parameters.set("cursor", cursorOf(order.map((name) => last.properties[name] ?? null)));
    if (isHtml) parameters.set("f", "html");
    links.push({ href: address(), rel: "next", type: isHtml ? "text/html" : GEOJSON_TYPE, title: "The next page" });
  }
  return [
    ...links,
    { href: `${root}/collections/${collection.id}`, rel: "collection", type: JSON_TYPE, title: collection.title },
  ];
}

const featureIdOf = (collection: Collection, { properties }: Feature) =>
  idOf(
    collection,
    collection.keys.map((name) => properties[name] ?? null),
  );

function textOfFeature(collection: Collection, feature: Feature, more = ""): string {
  const id = JSON.stringify(featureIdOf(collection, feature));
  return `{"type":"Feature","id":${id},"geometry":${feature.geometry},"properties":${JSON.stringify(feature.properties)}${more}}`;
}

/** The page as GeoJSON, a feature at a time. */
function* textOf(collection: Collection, page: FeaturePage, links: Link[]): Generator<string> {
  const { length } = page.features;
  const head = { numberReturned: length, timeStamp: new Date().toISOString(), links };
  yield `{"type":"FeatureCollection",${JSON.stringify(head).slice(1, -1)},"features":[`;
  for (const [i, feature] of page.features.entries()) yield (i === 0 ? "" : ",") + textOfFeature(collection, feature);
  yield "]}";
}

function itemsPage(c: Context, collection: Collection, page: FeaturePage, links: Link[]): Response {
  const columns = Object.keys(collection.properties);
  const rows = page.features.map(({ properties }) => columns.map((name) => properties[name]));
  return sendPage(c, { title: collection.title, text: collection.description, table: { columns, rows }, links });
}

/** `GET /ogc/collections/ID/items/FEATURE`. */
export function getItem(collection: Collection, findFeature: FindFeature): Endpoint {
  const query = z.strictObject({ ...formatQuery, crs });
  return {
    scope: collection.scope,
    route: {
      method: "get",
      path: `/ogc/collections/${collection.id}/items/{featureId}`,
      tags: ["OGC API"],
      summary: `${collection.title}: one of them`,
      request: { params: z.object({ featureId: z.string().openapi({ example: "WyJUdXJpbiJd" }) }), query },
      responses: geojson("The feature", FeatureSchema, 400, 403, 404, 503),
    },
    handle: async (c) => {
      const sent = readQuery(c, query);
      const system: Crs = crsFrom(sent.crs, "crs");
      const keys = keysOf(collection, c.req.param("featureId") ?? "");
      const feature = keys && (await findFeature(collection, keys, system));
      if (!feature) throw new AppError("not_found", `There is no such feature in ${collection.id}.`);
      const isHtml = wantsHtml(c, sent.f);
      const href = `${rootOf(c)}/collections/${collection.id}`;
      const links: Link[] = [
        ...selfLinks(`${href}/items/${featureIdOf(collection, feature)}`, GEOJSON_TYPE, isHtml),
        { href, rel: "collection", type: JSON_TYPE, title: collection.title },
      ];
      if (isHtml) {
        const rows = Object.entries(feature.properties);
        return sendPage(c, { title: collection.title, table: { columns: ["property", "value"], rows }, links });
      }
      return c.body(textOfFeature(collection, feature, `,"links":${JSON.stringify(links)}`), 200, {
        "content-type": GEOJSON_TYPE,
        "content-crs": `<${system.uri}>`,
      });
    },
  };
}
