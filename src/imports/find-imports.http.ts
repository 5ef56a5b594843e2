import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { type FindImport, type ImportCursor, ImportReply, importWithLinks, type ListImports } from "./imports.ts";

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.string().optional().meta({ description: "`next_cursor` of the page before" }),
});

/** `GET /v1/imports`: the imports that run now and those that are done. */
export function listImportsEndpoint(listImports: ListImports): Endpoint {
  return {
    scope: "ingest",
    route: {
      method: "get",
      path: "/v1/imports",
      tags: ["Imports"],
      summary: "Files that came in, newest first: what runs now, what is done",
      request: { query },
      responses: replies(
        200,
        "A page of imports",
        z.object({ imports: z.array(ImportReply), next_cursor: z.string().nullable() }).meta({ id: "ImportPage" }),
        400,
        503,
      ),
    },
    handle: async (c) => {
      const { limit, cursor } = readQuery(c, query);
      const { imports, next } = await listImports(limit, cursor === undefined ? undefined : decode(cursor));
      return c.json({ imports: imports.map(importWithLinks), next_cursor: next ? encode(next) : null });
    },
  };
}

const params = z.object({ id: z.uuid() });

/** `GET /v1/imports/ID`. */
export function getImport(findImport: FindImport): Endpoint {
  return {
    scope: "ingest",
    route: {
      method: "get",
      path: "/v1/imports/{id}",
      tags: ["Imports"],
      summary: "One import",
      request: { params },
      responses: replies(200, "The import", ImportReply, 404, 503),
    },
    handle: async (c) => {
      const id = params.safeParse(c.req.param());
      const found = id.success ? await findImport(id.data.id) : undefined;
      if (!found) throw new AppError("not_found", `There is no import ${c.req.param("id")}.`);
      return c.json(importWithLinks(found));
    },
  };
}

const cursorParts = z.tuple([z.iso.datetime({ offset: true }), z.uuid()]);

const encode = ({ createdAt, importId }: ImportCursor) =>
  Buffer.from(JSON.stringify([createdAt, importId])).toString("base64url");

function decode(text: string): ImportCursor {
  try {
    const [createdAt, importId] = cursorParts.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    return { createdAt, importId };
  } catch {
    const detail = "expected the next_cursor of a page";
    throw new AppError("invalid_parameter", `cursor: ${detail}`, { errors: [{ field: "cursor", detail }] });
  }
}
