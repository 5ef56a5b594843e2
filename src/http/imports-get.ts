import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { FindImport, Import, ImportCursor, ListImports } from "../imports.ts";
import type { Endpoint } from "./endpoint.ts";
import { readQuery } from "./input.ts";
import { Instant, Receipt, replies } from "./schemas.ts";

export const ImportSchema = z
  .object({
    import_id: z.uuid(),
    file: z.string().openapi({ description: "Its name, without folders", example: "trips-2025.csv.gz" }),
    path: z.string().optional().openapi({ description: "Below the inbox; none if it did not come from there" }),
    bytes: z.int(),
    state: Receipt.shape.state,
    mapping: z.string().nullable(),
    rows: z.int().openapi({ description: "Read so far: inserted + duplicates + rejected" }),
    inserted: z.int(),
    duplicates: z.int(),
    rejected: z.int(),
    rows_per_second: z.number(),
    created_at: Instant,
    started_at: Instant.nullable(),
    ended_at: Instant.nullable(),
    already_imported: z.boolean().openapi({
      description: "The same content came before: the state and the numbers are those of that import",
    }),
    batch_id: z.uuid(),
    error: z.object({ code: z.string(), detail: z.string() }).optional(),
    progress: Receipt.shape.progress,
    links: z.object({ self: z.string(), batch: z.string(), events: z.string(), rejects: z.string() }),
  })
  .openapi("Import");

/** An import with the addresses where more is to be had. */
export function withLinks(one: Import) {
  const batch = `/v1/batches/${one.batch_id}`;
  const links = { self: `/v1/imports/${one.import_id}`, batch, events: `${batch}/events`, rejects: `${batch}/rejects` };
  return { ...one, links };
}

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.string().optional().openapi({ description: "`next_cursor` of the page before" }),
});

/** `GET /v1/imports`: what runs now and what is done. */
export function listImportsEndpoint(listImports: ListImports): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/imports",
      tags: ["Imports"],
      summary: "Files that came in, newest first: what runs now, what is done",
      request: { query },
      responses: replies(
        200,
        "A page of imports",
        z.object({ imports: z.array(ImportSchema), next_cursor: z.string().nullable() }).openapi("ImportPage"),
        400,
        503,
      ),
    },
    handle: async (c) => {
      const { limit, cursor } = readQuery(c, query);
      const { imports, next } = await listImports(limit, cursor === undefined ? undefined : decode(cursor));
      return c.json({ imports: imports.map(withLinks), next_cursor: next ? encode(next) : null });
    },
  };
}

const params = z.object({ id: z.uuid() });

/** `GET /v1/imports/ID`. */
export function getImport(findImport: FindImport): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/imports/{id}",
      tags: ["Imports"],
      summary: "One import",
      request: { params },
      responses: replies(200, "The import", ImportSchema, 404, 503),
    },
    handle: async (c) => {
      const id = params.safeParse(c.req.param());
      const found = id.success ? await findImport(id.data.id) : undefined;
      if (!found) throw new AppError("not_found", `There is no import ${c.req.param("id")}.`);
      return c.json(withLinks(found));
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
