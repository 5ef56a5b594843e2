import { z } from "zod";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { isStorable } from "../kit/storable.ts";
import { Instant } from "../time/instant.ts";
import { AUDIT_DAYS, type ListAudit } from "./audit.ts";

const instant = z.iso.datetime({ offset: true, error: "expected an instant such as 2025-03-01T00:00:00Z" }).optional();
const text = z.string().max(300).refine(isStorable, "expected text without control characters").optional();

const query = z.strictObject({
  actor: text.meta({ description: "The name of a key or user" }),
  action: text.meta({ description: "Method and address", example: "DELETE /v1/batches/{id}" }),
  from: instant.meta({ description: "Entries of this instant and later", example: "2025-03-01T00:00:00Z" }),
  to: instant.meta({ description: "Entries before this instant" }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: "`next_cursor` of the page before",
  }),
});

const Entry = z
  .object({
    entry_id: z.int(),
    at: Instant,
    actor: z.string().nullable().meta({ description: "Null: no credential was needed" }),
    client: z.string().meta({ description: "The address that the request came from", example: "203.0.113.9" }),
    action: z.string().meta({ example: "DELETE /v1/batches/{id}" }),
    target: z.string().meta({ description: "What was changed, as a path" }),
    status: z.int(),
    request_id: z.string().meta({ description: "As in the log" }),
  })
  .meta({ id: "AuditEntry" });

interface Deps {
  listAudit: ListAudit;
}

/** `GET /v1/audit`. */
export function getAudit(listAudit: ListAudit): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "get",
      path: "/v1/audit",
      tags: ["Service"],
      summary: "Who changed what, newest first",
      description: `Each request that made, corrected, cancelled, undid or revoked something, for ${AUDIT_DAYS} days.`,
      request: { query },
      responses: replies(
        200,
        "A page of entries",
        z.object({ entries: z.array(Entry), next_cursor: z.int().nullable() }).meta({ id: "AuditPage" }),
        400,
      ),
    },
    handle: async (c) => {
      const { limit, cursor, actor, action, from, to } = readQuery(c, query);
      const { entries, next } = await listAudit({ actor, action, from, to }, limit, cursor);
      return c.json({ entries, next_cursor: next ?? null });
    },
  };
}

/** The endpoint of the audit log. */
export const endpoints = ({ listAudit }: Deps): Endpoint[] => [getAudit(listAudit)];
