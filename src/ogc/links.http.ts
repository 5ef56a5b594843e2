import type { Context } from "hono";

export interface Link {
  href: string;
  rel: string;
  type?: string;
  title?: string;
}

export const JSON_TYPE = "application/json";
export const GEOJSON_TYPE = "application/geo+json";
export const SCHEMA_TYPE = "application/schema+json";
export const HTML_TYPE = "text/html; charset=utf-8";
/** GDAL 3.6 reads no other version. */
export const OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0";

/**
 * The address of the API as the client sees it. GDAL 3.6 needs whole addresses in links. A proxy that ends TLS says so
 * in `X-Forwarded-Proto`; a client that makes it up only changes its own links.
 */
export function rootOf(c: Context): string {
  const url = new URL(c.req.url);
  const scheme = c.req.header("x-forwarded-proto");
  return `${scheme === "https" || scheme === "http" ? `${scheme}:` : url.protocol}//${url.host}/ogc`;
}

/** Whether the client asks for a page to look at: by `f=html`, or as browsers do. */
export function wantsHtml(c: Context, f: string | undefined): boolean {
  if (f !== undefined) return f === "html";
  const accepted = (c.req.header("accept") ?? "").split(",").map((part) => part.split(";")[0]?.trim());
  const isJson = (type: string | undefined) => type === JSON_TYPE || type === GEOJSON_TYPE;
  const [html, json] = [accepted.indexOf("text/html"), accepted.findIndex(isJson)];
  return html >= 0 && (json < 0 || html < json);
}

/** The links to a resource itself and to its other form. */
export function selfLinks(href: string, type: string, isHtml: boolean): Link[] {
  const as = (f: string) => `${href}${href.includes("?") ? "&" : "?"}f=${f}`;
  const json = { href: as("json"), type, title: "This as JSON" };
  const html = { href: as("html"), type: "text/html", title: "This as a page" };
  return isHtml
    ? [
        { ...html, rel: "self" },
        { ...json, rel: "alternate" },
      ]
    : [
        { ...json, rel: "self" },
        { ...html, rel: "alternate" },
      ];
}
