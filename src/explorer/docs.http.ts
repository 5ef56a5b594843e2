import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { SECURITY_SCHEMES } from "../kit/endpoint.http.ts";
import { SCOPE_TITLES } from "../kit/scope.ts";

const ASSETS: Record<string, string> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tripgrid API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>SCRIPT</script>
</body>
</html>
`;

const SCRIPT = 'SwaggerUIBundle({ url: "openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });';

/** The page runs our script and that of Swagger UI, which sets styles by itself, and asks this service only. */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash("sha256").update(SCRIPT).digest("base64")}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Adds `/openapi.json`, made from the schemas of the routes, and `/docs`, a page to read and try them. The service also
 * serves the assets of that page.
 */
export function addDocs(app: OpenAPIHono, version: string): void {
  const [bearer, password] = SECURITY_SCHEMES;
  app.openAPIRegistry.registerComponent("securitySchemes", bearer, {
    type: "http",
    scheme: "bearer",
    description: "An API key (`tg_…`) or a JWT, as `Authorization: Bearer …`. See docs/auth.md",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", password, {
    type: "oauth2",
    description: "A user's name and password become a token that lives for some minutes",
    flows: { password: { tokenUrl: "v1/tokens", refreshUrl: "v1/tokens", scopes: SCOPE_TITLES } },
  });
  // It takes 120 ms to make and is the same until the process ends.
  let document: Uint8Array<ArrayBuffer> | undefined;
  app.get("/openapi.json", (c) => {
    document ??= new TextEncoder().encode(JSON.stringify(app.getOpenAPI31Document(about(version))));
    return c.body(document, 200, { "content-type": "application/json" });
  });
  const page = PAGE.replace("SCRIPT", SCRIPT);
  app.get("/docs", (c) => c.html(page, 200, { "content-security-policy": POLICY }));
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  for (const [file, type] of Object.entries(ASSETS)) {
    // All clients are sent the same bytes: a thousand that do not read would otherwise hold a copy of 1.7 MB each.
    let content: Promise<Buffer<ArrayBuffer>> | undefined;
    app.get(`/docs/${file}`, async (c) => {
      content ??= readFile(join(folder, file)).catch((error) => {
        // The next request reads it again.
        content = undefined;
        throw error;
      });
      return c.body(await content, 200, { "content-type": type, "cache-control": "public, max-age=86400" });
    });
  }
}

const about = (version: string) => ({
  openapi: "3.1.0",
  // Where the document was got from.
  servers: [{ url: "/" }],
  info: {
    title: "Tripgrid",
    version,
    description:
      "Takes in trips, acknowledges every one, and answers how many trips a week, on average, any area sees.",
    license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
  },
});
