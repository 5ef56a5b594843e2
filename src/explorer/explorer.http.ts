import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../errors.ts";
import { note } from "../kit/request-record.ts";
import { type Explorer, encodingFor, wantsPage } from "./explorer.ts";

/** Content of a name that changes with it may be kept for good. */
const FOR_GOOD = "public, max-age=31536000, immutable";

/**
 * Adds the explorer: its page at `/`, and what the page loads at `/assets`. Both are open to anyone. What the page asks
 * the API for needs a credential as always.
 */
export function addExplorer(app: OpenAPIHono, { page, policy, assets }: Explorer, version: string): void {
  app.get("/", (c) => {
    note({ route: "/" });
    c.header("vary", "Accept");
    if (!wantsPage(c.req.header("accept"))) return c.json(about(version));
    if (!page) {
      return c.text("The explorer was not built: npm ci builds it. The API is described at /docs.\n", 404);
    }
    // The page names its assets by their content, so it is asked for each time.
    const headers = { etag: page.etag, "cache-control": "no-cache", "content-security-policy": policy };
    if (isKnown(c, page.etag)) return c.body(null, 304, headers);
    return c.html(page.html, 200, headers);
  });
  app.get("/assets/:name", (c) => {
    note({ route: "/assets/{name}" });
    const file = assets.get(c.req.param("name"));
    if (!file) throw new AppError("not_found", "There is no such file of the explorer. Load the page again.");
    const headers = {
      ...{ etag: file.etag, "cache-control": FOR_GOOD, vary: "Accept-Encoding" },
      "content-security-policy": policy,
    };
    if (isKnown(c, file.etag)) return c.body(null, 304, headers);
    const encoding = encodingFor(c.req.header("accept-encoding"), file.content.keys());
    const packed: Record<string, string> = encoding === "identity" ? {} : { "content-encoding": encoding };
    return c.body(file.content.get(encoding) ?? "", 200, {
      ...headers,
      ...packed,
      "content-type": file.contentType,
    });
  });
}

/** What programs get at `/`. */
const about = (version: string) => ({
  name: "Tripgrid",
  version,
  links: { api: "/openapi.json", docs: "/docs", ogc: "/ogc", health: "/readyz" },
});

const isKnown = (c: Context, etag: string): boolean =>
  (c.req.header("if-none-match") ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
