import { randomUUID } from "node:crypto";
import type { IdempotencyKey, IngestRequest, Receipt, WorkRequest } from "../batch.ts";
import { AppError } from "../errors.ts";
import type { Mapping } from "../mapping.ts";
import { definitionOf } from "../mapping-definition.ts";
import { digestOf } from "./ingest.ts";
import { isBuiltInName, mappingFor } from "./mapping-for.ts";
import { type BodyHead, createTextCheck, isPacked, tooLarge, unpack } from "./read-body.ts";

const PART_BYTES = 1024 * 1024;
/** A packed body may unpack to this many times the largest body, or a few kilobytes could keep a worker busy for ever. */
const MAX_UNPACKED = 16;

/** Stores a payload and queues its batch. */
export type QueuePayload = (request: IngestRequest, head: BodyHead) => Promise<Receipt>;

export interface QueueDeps {
  savePart: (batchId: string, part: number, content: Buffer) => Promise<void>;
  dropPayload: (batchId: string) => Promise<void>;
  queueBatch: (batch: {
    batchId: string;
    request: WorkRequest;
    bytes: number;
    idempotency: IdempotencyKey | undefined;
    callback: string | undefined;
  }) => Promise<Receipt>;
  /** The mappings that were defined here, beside those built in. */
  customMappings: () => Promise<readonly Mapping[]>;
  /** Called once a batch is queued. */
  onQueued: () => void;
  maxBodyBytes: number;
}

/**
 * Makes the way in for what is acknowledged before its rows are stored: the body is stored as it comes, part by part, and
 * checked on the way. What cannot be read at all is refused here, and nothing of it is kept.
 */
export function createQueuePayload(deps: QueueDeps): QueuePayload {
  return async (request, head) => {
    const batchId = randomUUID();
    const parts = storeParts(deps, batchId, head);
    try {
      const digest = await checkedDigest(request, parts.bytes, deps.maxBodyBytes);
      await parts.finish();
      const { contentType, mapping, identity, withVerdicts, idempotencyKey, callback } = request;
      const definition = mapping === undefined ? undefined : await definitionNamed(mapping, deps.customMappings);
      const receipt = await deps.queueBatch({
        batchId,
        request: {
          contentType,
          mapping,
          ...(definition === undefined ? {} : { definition }),
          identity,
          withVerdicts,
          contentEncoding: request.body.contentEncoding,
        },
        bytes: parts.count(),
        idempotency: idempotencyKey === undefined ? undefined : { key: idempotencyKey, digest },
        callback,
      });
      deps.onQueued();
      return receipt;
    } catch (error) {
      await parts.abandon();
      // What the sender left behind is also cleared away later, should the database be away by now.
      // After a lost connection it may be queued all the same.
      const isUnknown = error instanceof AppError && error.code === "database_unavailable";
      if (!isUnknown) await deps.dropPayload(batchId).catch(() => {});
      throw error;
    }
  };
}

interface Parts {
  /** The body as it comes, each part stored before the next is read. */
  bytes: AsyncIterable<Buffer>;
  count: () => number;
  /** Stores what is left; nothing more is stored after that. Bytes behind a gzip are not read to their end. */
  finish(): Promise<void>;
  /** Resolves once nothing is being stored, and nothing more will be. */
  abandon(): Promise<void>;
}

function storeParts(deps: QueueDeps, batchId: string, head: BodyHead): Parts {
  let count = 0;
  let part = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isOpen = true;
  let saved: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    if (heldBytes === 0 || !isOpen) return saved;
    const [number, content] = [part++, Buffer.concat(held)];
    held = [];
    heldBytes = 0;
    saved = saved.then(() => deps.savePart(batchId, number, content));
    return saved;
  };
  async function* pass(): AsyncGenerator<Buffer> {
    for await (const bytes of all(head)) {
      count += bytes.length;
      if (count > deps.maxBodyBytes) throw tooLarge(deps.maxBodyBytes);
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes >= PART_BYTES) await flush();
      yield bytes;
    }
    await flush();
  }
  return {
    bytes: pass(),
    count: () => count,
    finish: () => {
      const last = flush();
      isOpen = false;
      return last;
    },
    abandon: () => {
      isOpen = false;
      return saved.catch(() => {});
    },
  };
}

async function* all({ bytes, rest }: BodyHead): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES);
  if (rest) yield* rest;
}

/** Reads a body to its end, unpacking and checking it, without holding it. */
async function checkedDigest(
  request: IngestRequest,
  bytes: AsyncIterable<Buffer>,
  maxBodyBytes: number,
): Promise<Uint8Array> {
  const hash = digestOf(request);
  const text = createTextCheck();
  let count = 0;
  for await (const chunk of unpack(bytes, isPacked(request.body.contentEncoding))) {
    count += chunk.length;
    if (count > maxBodyBytes * MAX_UNPACKED) throw unpacksTooFar(maxBodyBytes * MAX_UNPACKED);
    hash.update(chunk);
    text.add(chunk);
  }
  text.end();
  return hash.digest();
}

const unpacksTooFar = (maxBytes: number) =>
  new AppError("body_too_large", `The body unpacks to more than ${maxBytes} bytes; send it in parts.`, {
    max_bytes: maxBytes,
  });

/** The mapping that was asked for, as it is now; none of a built-in one. A name that there is not is said at once. */
async function definitionNamed(name: string, customMappings: QueueDeps["customMappings"]): Promise<unknown> {
  if (isBuiltInName(name)) return undefined;
  return definitionOf(await mappingFor(name, { form: "json", fields: [] }, customMappings));
}
