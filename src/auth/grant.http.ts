import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Grant } from "../kit/principal.ts";
import { SCOPES, type Scope } from "../kit/scope.ts";
import { name } from "../kit/storable.ts";
import { Instant } from "../time/instant.ts";

export const scopesSchema = z
  .array(z.enum(SCOPES as [Scope, ...Scope[]]))
  .min(1)
  .max(SCOPES.length)
  .meta({ description: "No scope includes another", example: ["ingest", "read"] });

/** What the holder of a key, or a user, is bound to. */
export const boundSchema = {
  source: name.optional().meta({ description: "The only source whose trips it may write and read" }),
  region: name.optional().meta({ description: "The only region whose trips it may write and read" }),
};

/** What a listed key or user may do. */
export const grantReply = {
  scopes: z.array(z.enum(SCOPES as [Scope, ...Scope[]])),
  source: z.string().nullable(),
  region: z.string().nullable(),
  created_by: z.string().nullable().meta({ description: "The credential that made it; null: the command line" }),
  created_at: Instant,
};

/** @throws AppError invalid_body if it has two bounds */
export function grantFrom(scopes: readonly Scope[], source: string | undefined, region: string | undefined): Grant {
  if (source !== undefined && region !== undefined) {
    const detail = "expected one of source and region";
    throw new AppError("invalid_body", `source: ${detail}`, { errors: [{ field: "source", detail }] });
  }
  return { scopes: [...new Set(scopes)], source, region };
}
