import { createHash } from "node:crypto";
import type { IdempotencyKey } from "../batches/batch.ts";
import type { IngestRequest } from "../batches/ingest-request.ts";
import { currentOwner } from "../kit/bounds.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";

/** Starts a SHA-256 over a request. The caller adds the bytes of its unpacked body. */
export function digestOf({
  mapping = "",
  identity = "content",
  withVerdicts,
  callback = "",
  source,
  charset,
}: IngestRequest) {
  // Some clients name the usual encoding in one try and leave it out in the next.
  const encoding = charset === undefined || /^utf-?8$/i.test(charset) ? undefined : charset.toLowerCase();
  const more = source === undefined && encoding === undefined ? [] : [source ?? null, encoding ?? null];
  return createHash("sha256").update(JSON.stringify([mapping, identity, withVerdicts, callback, ...more]));
}

/** The key that the caller gave to this request, if any. */
export function idempotencyOf(request: IngestRequest, digest: Uint8Array): IdempotencyKey | undefined {
  const { idempotencyKey: key } = request;
  return key === undefined ? undefined : { key, digest, owner: currentOwner() };
}

const HASHED_AT_ONCE = 1024 * 1024;

/** SHA-256 over a request and its unpacked body. Other work gets its turn meanwhile. */
export async function digestOver(request: IngestRequest, body: Buffer): Promise<Buffer> {
  const hash = digestOf(request);
  for (let at = 0; at < body.length; at += HASHED_AT_ONCE) {
    hash.update(body.subarray(at, at + HASHED_AT_ONCE));
    if (hasTakenLong()) await nextTurn();
  }
  return hash.digest();
}
