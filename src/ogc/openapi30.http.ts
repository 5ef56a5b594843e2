import { COLLECTIONS, type Collection, type PropertyType } from "./collection.ts";
import { CRS_URIS } from "./crs.ts";
import { FILTER_LANGS, MAX_LIMIT } from "./items-query.ts";
import { GEOJSON_TYPE, JSON_TYPE } from "./links.http.ts";

/** A property as JSON Schema. */
export function schemaOf(type: PropertyType): object {
  if (type === "date" || type === "date-time") return { type: "string", format: type };
  return { type: type === "local-time" ? "string" : type };
}

/**
 * The OpenAPI 3.0 document of the OGC API, which GDAL and QGIS read. `/openapi.json` describes the whole API, as 3.1.
 *
 * @param root the address of the OGC API
 */
export function openApi30(root: string, version: string): object {
  const ok = (description: string, type: string) => ({
    responses: {
      200: { description, content: { [type]: { schema: { type: "object" } } } },
      400: { description: "A parameter is wrong" },
    },
  });
  const paths: Record<string, object> = {
    "/": { get: { summary: "Landing page", operationId: "landing", ...ok("Links", JSON_TYPE) } },
    "/conformance": { get: { summary: "Conformance", operationId: "conformance", ...ok("URIs", JSON_TYPE) } },
    "/collections": { get: { summary: "Collections", operationId: "collections", ...ok("Collections", JSON_TYPE) } },
    "/tiles": { get: { summary: "Sets of vector tiles", operationId: "tilesets", ...ok("Sets", JSON_TYPE) } },
    "/tileMatrixSets": { get: { summary: "Grids of tiles", operationId: "matrixSets", ...ok("Grids", JSON_TYPE) } },
    "/tileMatrixSets/WebMercatorQuad": {
      get: { summary: "The grid of the tiles", operationId: "matrixSet", ...ok("The grid", JSON_TYPE) },
    },
  };
  for (const collection of COLLECTIONS) {
    const { id, title } = collection;
    const path = `/collections/${id}`;
    paths[path] = { get: { summary: title, operationId: `${id}.collection`, ...ok("The collection", JSON_TYPE) } };
    paths[`${path}/queryables`] = {
      get: { summary: `${title}: queryables`, operationId: `${id}.queryables`, ...ok("JSON Schema", JSON_TYPE) },
    };
    paths[`${path}/items`] = {
      get: {
        ...{ summary: title, operationId: `${id}.items`, parameters: parametersOf(collection) },
        ...ok("Features", GEOJSON_TYPE),
      },
    };
    paths[`${path}/items/{featureId}`] = {
      get: {
        ...{ summary: `${title}: one`, operationId: `${id}.item` },
        parameters: [
          { name: "featureId", in: "path", required: true, schema: { type: "string" } },
          parameter("crs", { type: "string", enum: CRS_URIS }),
        ],
        ...ok("The feature", GEOJSON_TYPE),
      },
    };
  }
  return {
    openapi: "3.0.3",
    info: { title: "Tripgrid: OGC API – Features", version },
    servers: [{ url: root }],
    paths,
  };
}

const parameter = (name: string, schema: object, more: object = {}) => ({
  ...{ name, in: "query", required: false, schema },
  ...more,
});

function parametersOf({ properties }: Collection): object[] {
  const crs = { type: "string", enum: CRS_URIS };
  return [
    parameter("bbox", { type: "array", items: { type: "number" }, minItems: 4, maxItems: 6 }, { explode: false }),
    parameter("bbox-crs", crs),
    parameter("crs", crs),
    parameter("datetime", { type: "string" }),
    parameter("limit", { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: 10 }),
    parameter("filter", { type: "string" }),
    parameter("filter-lang", { type: "string", enum: FILTER_LANGS, default: "cql2-text" }),
    parameter("filter-crs", crs),
    parameter("sortby", { type: "string" }),
    parameter("cursor", { type: "string" }),
    ...Object.entries(properties).map(([name, { type }]) => parameter(name, schemaOf(type))),
  ];
}
