import type { ReadableStream } from "node:stream/web";
import { z } from "zod";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { name } from "../kit/storable.ts";
import { charsetNamed } from "../text/charset.ts";
import { IDENTITIES } from "../trips/identity.ts";
import { type ImportPath, ImportReply, importWithLinks, type UploadImport } from "./imports.ts";

const mapping = name.optional().meta({
  description: "How its rows become trips; without it the folder in the inbox says so, or else its fields",
});
const again = "Also if the same content was imported before; its rows are duplicates then";

const options = {
  source: name.optional().meta({ description: "Who reports the trips, for formats that do not say it" }),
  identity: z.enum(IDENTITIES).optional().meta({
    description:
      "`row`: rows without a trip_id are different trips even if they are equal; by default as the mapping says",
  }),
  charset: z.string().max(40).optional().meta({ description: "The character encoding; by default it is found" }),
  sheet: z.string().min(1).max(100).optional().meta({ description: "The sheet of an XLSX file; by default the first" }),
};

const query = z.strictObject({
  file: z.string().optional().meta({
    description: "The body is a file of this name, and not JSON that names one in the inbox",
    example: "trips-2025.csv.gz",
  }),
  mapping,
  ...options,
  again: z.enum(["true", "false"]).optional().meta({ description: again }),
});

const body = z
  .strictObject({
    path: z
      .string()
      .max(1000)
      .meta({ description: "Below the inbox; links are not followed", example: "trips-2025.csv.gz" }),
    mapping,
    ...options,
    again: z.boolean().optional().meta({ description: again }),
  })
  .meta({ id: "ImportRequest" });

const file = z.string().meta({
  format: "binary",
  description: "CSV, NDJSON, JSON or GeoJSON, as it is or gzipped; ZIP, XLSX or Parquet",
});

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
    ...replies(200, "Nothing left to do: it was imported before, or cannot be read", ImportReply, 400, 404, 409, 413),
    ...replies(202, "The rows follow: `Location` tells how far they are", ImportReply, 503, 507),
  },
};

/** `POST /v1/imports`. */
export function postImports(importPath: ImportPath, uploadImport: UploadImport): Endpoint {
  return {
    scope: "ingest",
    route,
    handle: async (c) => {
      const q = readQuery(c, query);
      const wanted = q.file === undefined ? await readJson(c, body, "small") : undefined;
      const { source, identity, charset, sheet, mapping: named } = { ...q, ...wanted };
      const options = {
        mapping: q.mapping ?? named,
        ...{ source, identity, sheet },
        charset: charsetNamed(charset),
        again: q.again === "true" || wanted?.again === true,
      };
      const taken = importWithLinks(
        wanted
          ? await importPath(wanted.path, options)
          : await uploadImport(q.file ?? "", c.req.raw.body as ReadableStream<Uint8Array> | null, options),
      );
      c.header("Location", taken.links.self);
      return c.json(taken, taken.state === "queued" || taken.state === "running" ? 202 : 200);
    },
  };
}
