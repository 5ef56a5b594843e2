import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";

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
<script>SwaggerUIBundle({ url: "openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });</script>
</body>
</html>
`;

/** `/openapi.json` from the routes' own schemas, and `/docs`, a page to read and try them, with its assets from here. */
export function addDocs(app: OpenAPIHono, version: string): void {
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Tripgrid",
      version,
      description:
        "Takes in trips, acknowledges every one, and answers how many trips a week, on average, any area sees.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
  });
  app.get("/docs", (c) => c.html(PAGE));
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  for (const [file, type] of Object.entries(ASSETS)) {
    app.get(`/docs/${file}`, async (c) => {
      return c.body(await readFile(join(folder, file)), 200, {
        "content-type": type,
        "cache-control": "public, max-age=86400",
      });
    });
  }
}
