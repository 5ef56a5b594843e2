import { randomUUID } from "node:crypto";
import type { IdempotencyKey } from "../batches/batch.ts";
import type { IngestRequest } from "../batches/ingest-request.ts";
import type { Receipt } from "../batches/receipt.ts";
import type { WorkRequest } from "../batches/work.ts";
import { AppError } from "../errors.ts";
import { currentBound, currentOwner } from "../kit/bounds.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import type { BodyHold } from "../kit/sent-bytes.ts";
import type { Mapping } from "../mappings/mapping.ts";
import { definitionOf } from "../mappings/mapping-definition.ts";
import { isBuiltInName, mappingFor } from "../mappings/mapping-for.ts";
import { type BodyHead, isPacked, tooLarge, unpack } from "../parsing/read-body.ts";
import { createBlankCheck } from "../text/blank-run.ts";
import { createCharsetLook, UTF8 } from "../text/charset.ts";
import { digestOf, idempotencyOf } from "./request-digest.ts";

const PART_BYTES = 1024 * 1024;
/**
 * A packed body may unpack to this many times the largest body. Without a limit, a few kilobytes could keep a worker
 * busy for ever.
 */
const MAX_UNPACKED = 16;

/** Stores a payload and queues its batch. */
export type QueuePayload = (request: IngestRequest, head: BodyHead, hold: BodyHold) => Promise<Receipt>;

export interface QueueDeps {
  savePart: (batchId: string, part: number, content: Buffer) => Promise<void>;
  dropPayload: (batchId: string) => Promise<void>;
  queueBatch: (batch: {
    batchId: string;
    request: WorkRequest;
    bytes: number;
    idempotency: IdempotencyKey | undefined;
    callback: string | undefined;
    owner: string | undefined;
  }) => Promise<Receipt>;
  /** The mappings that were defined here, beside those built in. */
  customMappings: () => Promise<readonly Mapping[]>;
  /** Called once a batch is queued. */
  onQueued: () => void;
  maxBodyBytes: number;
}

/**
 * Creates the intake for requests that are acknowledged before their rows are stored. The body is stored part by part
 * as it arrives, and checked on the way. An unreadable body is refused here, and none of it is kept.
 */
export function createQueuePayload(deps: QueueDeps): QueuePayload {
  return async (request, head, hold) => {
    const batchId = randomUUID();
    const parts = storeParts(deps, batchId, head, hold);
    try {
      const { digest, charset } = await checkedDigest(request, parts.bytes, deps.maxBodyBytes);
      await parts.finish();
      const { contentType, mapping, identity, source, withVerdicts, callback } = request;
      const bound = currentBound();
      const definition = mapping === undefined ? undefined : await definitionNamed(mapping, deps.customMappings);
      const receipt = await deps.queueBatch({
        batchId,
        request: {
          contentType,
          mapping,
          ...(definition === undefined ? {} : { definition }),
          identity,
          source,
          ...(charset === UTF8 ? {} : { charset }),
          withVerdicts,
          contentEncoding: request.body.contentEncoding,
          ...(bound ? { bound } : {}),
        },
        bytes: parts.count(),
        idempotency: idempotencyOf(request, digest),
        callback,
        owner: currentOwner(),
      });
      deps.onQueued();
      return receipt;
    } catch (error) {
      await parts.abandon();
      // If the database is away by now, the stored parts are cleared away later. After a lost connection the batch may
      // be queued all the same.
      const isUnknown = error instanceof AppError && error.code === "database_unavailable";
      if (!isUnknown) await deps.dropPayload(batchId).catch(() => {});
      throw error;
    }
  };
}

interface Parts {
  /** The body as it arrives. Each part is stored before the next is read. */
  bytes: AsyncIterable<Buffer>;
  count: () => number;
  /** Stores the rest. Nothing more is stored after that. Bytes behind a gzip are not read to their end. */
  finish(): Promise<void>;
  /** Resolves once nothing is being stored. Nothing more is stored after that. */
  abandon(): Promise<void>;
}

function storeParts(deps: QueueDeps, batchId: string, head: BodyHead, hold: BodyHold): Parts {
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
      // Room is kept to the end once it is taken, so no sender is refused in the middle of a large body.
      await hold.grow(heldBytes + bytes.length);
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

/** Reads a body to its end, and finds its charset. It unpacks and checks the body without holding it. */
async function checkedDigest(
  request: IngestRequest,
  bytes: AsyncIterable<Buffer>,
  maxBodyBytes: number,
): Promise<{ digest: Uint8Array; charset: string }> {
  const hash = digestOf(request);
  const look = createCharsetLook(request.charset);
  const blanks = createBlankCheck();
  let count = 0;
  for await (const chunk of unpack(bytes, isPacked(request.body.contentEncoding))) {
    count += chunk.length;
    if (count > maxBodyBytes * MAX_UNPACKED) throw unpacksTooFar(maxBodyBytes * MAX_UNPACKED);
    hash.update(chunk);
    look.add(chunk);
    blanks.add(chunk);
    if (hasTakenLong()) await nextTurn();
  }
  return { digest: hash.digest(), charset: look.end() };
}

const unpacksTooFar = (maxBytes: number) =>
  new AppError("body_too_large", `The body unpacks to more than ${maxBytes} bytes; send it in parts.`, {
    max_bytes: maxBytes,
  });

/**
 * The definition of the requested mapping as it is now. Undefined: the mapping is built in. An unknown name is reported
 * at once.
 */
async function definitionNamed(name: string, customMappings: QueueDeps["customMappings"]): Promise<unknown> {
  if (isBuiltInName(name)) return undefined;
  return definitionOf(await mappingFor(name, { form: "json", fields: [] }, customMappings));
}
