import type { LimitFunction } from "p-limit";
import type { Chunk, Work } from "../batch.ts";
import { AppError } from "../errors.ts";
import type { Mapping } from "../mapping.ts";
import { definitionOf, mappingFrom } from "../mapping-definition.ts";
import type { TimeRange } from "../time.ts";
import { isBuiltInName, mappingFor } from "./mapping-for.ts";
import { isPacked, unpack } from "./read-body.ts";
import { type SortOptions, sortRows } from "./sort-rows.ts";
import { type RowStream, streamRows } from "./stream-rows.ts";

/** Rows in one transaction: with fewer, commits begin to count; with more, a row sent meanwhile waits longer. */
export const ROWS_A_CHUNK = 5000;

export interface DoBatchDeps {
  /** The payload as it was sent, from this byte on; 0 of one that is packed. */
  open: (work: Work, from: number) => AsyncIterable<Buffer>;
  start: (batchId: string) => Promise<void>;
  keepMapping: (
    batchId: string,
    mapping: { name: string; definition: unknown },
    columns: string[] | undefined,
  ) => Promise<void>;
  storeChunk: (chunk: Chunk) => Promise<void>;
  finish: (batchId: string, error?: { code: string; detail: string }) => Promise<void>;
  customMappings: () => Promise<readonly Mapping[]>;
  /** Shared with whoever else writes many rows at a time. */
  bulk: LimitFunction;
  /** Chunks that are stored at one time, or wait for it. */
  writers: number;
  startRange: () => TimeRange;
  signal: AbortSignal;
}

/**
 * Works a batch off, from where it was left: its payload is read as a stream and stored chunk by chunk, several at a time.
 * What keeps it from being read ends it as failed; what keeps it from being stored is thrown, and it can be gone on with.
 */
export async function doBatch(work: Work, deps: DoBatchDeps): Promise<void> {
  await deps.start(work.batchId);
  try {
    await storeAll(work, deps);
  } catch (error) {
    // Whatever it is, it is met again by whoever goes on.
    if (deps.signal.aborted) return;
    if (!isFaultOfPayload(error)) throw error;
    await deps.finish(work.batchId, { code: error.code, detail: error.message });
    return;
  }
  if (!deps.signal.aborted) await deps.finish(work.batchId);
}

/** What is met again whenever the payload is read. Everything else is a reason to try again: the rows were acknowledged. */
const PAYLOAD_FAULTS = new Set<string>([
  "invalid_json",
  "invalid_csv",
  "invalid_encoding",
  "invalid_body",
  "invalid_parameter",
  "body_too_large",
  "file_changed",
]);

const isFaultOfPayload = (error: unknown): error is AppError =>
  error instanceof AppError && PAYLOAD_FAULTS.has(error.code);

async function storeAll(work: Work, deps: DoBatchDeps): Promise<void> {
  const counted = { bytes: 0 };
  const packed = isPacked(work.request.contentEncoding);
  const from = resumeFrom(work);
  const sent = counting(deps.open(work, packed ? 0 : from.endByte), counted, deps.signal);
  const inFlight = new Set<Promise<void>>();
  try {
    const unpacked = unpack(sent, packed);
    const stream = await streamRows(
      packed ? skipping(unpacked, from.endByte) : unpacked,
      work.request.contentType,
      ROWS_A_CHUNK,
      from.chunk > 0 ? { form: formOf(work), header: work.columns, resume: from } : undefined,
    );
    const options = await sortOptions(work, stream, deps);
    let failure: { error: unknown } | undefined;
    let mark = performance.now();
    let chunk = from.chunk;
    for await (const block of stream.blocks) {
      if (deps.signal.aborted || failure) break;
      const number = chunk++;
      if (work.chunks.has(number)) continue;
      const sorted = await sortRows(block.rows, options);
      // What waits its turn takes memory: only one chunk of this batch does while others wait too.
      while (inFlight.size >= (deps.bulk.pendingCount > 0 ? 1 : deps.writers)) await Promise.race(inFlight);
      const now = performance.now();
      const busySeconds = (now - mark) / 1000;
      mark = now;
      const stored = deps
        .bulk(() =>
          deps.storeChunk({
            ...sorted,
            batchId: work.batchId,
            chunk: number,
            endByte: block.endByte,
            received: block.rows.length,
            withVerdicts: work.request.withVerdicts,
            bytesDone: Math.min(work.bytes, packed ? counted.bytes : block.endByte || counted.bytes),
            busySeconds,
          }),
        )
        .catch((error) => {
          failure ??= { error };
        })
        .finally(() => inFlight.delete(stored));
      inFlight.add(stored);
    }
    await Promise.all(inFlight);
    if (failure) throw failure.error;
  } finally {
    // Also where reading ended early: what is still being stored is counted before the batch ends.
    await Promise.all(inFlight);
    await sent.return(undefined);
  }
}

/** The first chunk that is not stored, and where it begins. A JSON array is always read from its beginning. */
function resumeFrom({ chunks }: Work): { chunk: number; rows: number; endByte: number } {
  const from = { chunk: 0, rows: 0, endByte: 0 };
  for (let next = chunks.get(0); next !== undefined && next.endByte > 0; next = chunks.get(from.chunk)) {
    from.chunk++;
    from.rows += next.rows;
    from.endByte = next.endByte;
  }
  return from;
}

/** Of a payload that is gone on with: JSON arrays never are. */
const formOf = (work: Work) => (work.columns ? "csv" : "ndjson");

async function sortOptions(work: Work, stream: RowStream, deps: DoBatchDeps): Promise<SortOptions> {
  const { request, batchId } = work;
  const sent = { form: stream.form, fields: stream.fields };
  const name = work.mapping ?? request.mapping;
  const kept =
    name !== undefined && request.definition !== undefined ? mappingFrom(name, request.definition) : undefined;
  const mapping = await mappingFor(name, sent, kept ? async () => [kept] : deps.customMappings);
  if (work.mapping === undefined) {
    const definition = isBuiltInName(mapping.name) ? undefined : definitionOf(mapping);
    await deps.keepMapping(batchId, { name: mapping.name, definition }, stream.header);
  }
  return { batchId, mapping, identity: request.identity, header: stream.header, startRange: deps.startRange() };
}

async function* counting(
  bytes: AsyncIterable<Buffer>,
  counted: { bytes: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    // A row, or a whole array, may be long in coming.
    signal.throwIfAborted();
    counted.bytes += chunk.length;
    yield chunk;
  }
}

/** What comes after the first so many bytes. */
export async function* skipping(bytes: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of bytes) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      yield left === 0 ? chunk : chunk.subarray(left);
      left = 0;
    }
  }
}
