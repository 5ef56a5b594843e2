import type { ReadableStream } from "node:stream/web";
import { z } from "@hono/zod-openapi";
import type { ImportPath, UploadImport } from "../imports.ts";
import type { Endpoint } from "./endpoint.ts";
import { ImportSchema, withLinks } from "./imports-get.ts";
import { name, readJson, readQuery } from "./input.ts";
import { replies } from "./schemas.ts";

const mapping = name.optional().openapi({
  description: "How its rows become trips; without it the folder in the inbox says so, or else its fields",
});
const again = "Also if the same content was imported before; its rows are duplicates then";

const query = z.strictObject({
  file: z.string().optional().openapi({
    description: "The body is a file of this name, and not JSON that names one in the inbox",
    example: "trips-2025.csv.gz",
  }),
  mapping,
  again: z.enum(["true", "false"]).optional().openapi({ description: again }),
});

const body = z
  .strictObject({
    path: z.string().openapi({ description: "Below the inbox", example: "trips-2025.csv.gz" }),
    mapping,
    again: z.boolean().optional().openapi({ description: again }),
  })
  .openapi("ImportRequest");

const file = z.string().openapi({ format: "binary", description: "CSV, NDJSON or JSON, as it is or gzipped" });

const route: Endpoint["route"] = {
  method: "post",
  path: "/v1/imports",
  tags: ["Imports"],
  summary: "Import a file: one in the inbox, or one sent here",
  description:
    '`{"path"}` takes a file in the inbox at once. With `?file=NAME` the body itself is the file, of any size: it is kept in the inbox and taken. What cannot be read at all becomes a failed import, which says why.',
  request: {
    query,
    body: {
      required: true,
      content: {
        "application/json": { schema: body },
        "application/octet-stream": { schema: file },
        "text/csv": { schema: file },
      },
    },
  },
  responses: {
    ...replies(200, "Nothing left to do: it was imported before, or cannot be read", ImportSchema, 400, 404, 409, 413),
    ...replies(202, "The rows follow: `Location` tells how far they are", ImportSchema, 503, 507),
  },
};

/** `POST /v1/imports`. */
export function postImports(importPath: ImportPath, uploadImport: UploadImport): Endpoint {
  return {
    route,
    handle: async (c) => {
      const q = readQuery(c, query);
      const wanted = q.file === undefined ? await readJson(c, body) : undefined;
      const options = { mapping: q.mapping ?? wanted?.mapping, again: q.again === "true" || wanted?.again === true };
      const taken = withLinks(
        wanted
          ? await importPath(wanted.path, options)
          : await uploadImport(q.file ?? "", c.req.raw.body as ReadableStream<Uint8Array> | null, options),
      );
      c.header("Location", taken.links.self);
      return c.json(taken, taken.state === "queued" || taken.state === "running" ? 202 : 200);
    },
  };
}
