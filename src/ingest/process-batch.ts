import type { LimitFunction } from "p-limit";
import type { Chunk, Work } from "../batches/work.ts";
import { AppError } from "../errors.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import type { Hold, Room } from "../kit/room.ts";
import type { Form } from "../mappings/mapping.ts";
import { classifyRows } from "../parsing/classify-rows.ts";
import { BrokenJson, located } from "../parsing/json-fault.ts";
import { isPacked, unpack } from "../parsing/read-body.ts";
import type { RowLimits } from "../parsing/row-limits.ts";
import { bytesOfBlock } from "../parsing/row-room.ts";
import { BLOCK_BYTES, formAtStart, jsonRowParts, type RowStream, streamRows } from "../parsing/stream-rows.ts";
import { counting, passing } from "../storage/byte-streams.ts";
import { skipping } from "../text/peek.ts";
import { isConverted, type Reading } from "../text/text-format.ts";
import { classifyOptions, HOPELESS_ROWS, hopeless, type MappingDeps, readingOf } from "./batch-mapping.ts";

/**
 * Rows in one transaction. With fewer, the cost of commits begins to count. With more, a row sent meanwhile waits
 * longer.
 */
export const ROWS_A_CHUNK = 5000;

/** The most memory that a block takes as rows. This room is taken before any of the block is parsed. */
const ROOM_OF_BLOCK = bytesOfBlock(ROWS_A_CHUNK, BLOCK_BYTES);

export interface ProcessDeps extends MappingDeps {
  /** Opens the payload as sent, from this byte on. The byte is 0 for a packed payload. */
  open: (work: Work, from: number) => AsyncIterable<Buffer>;
  start: (batchId: string) => Promise<void>;
  storeChunk: (chunk: Chunk) => Promise<void>;
  finish: (batchId: string, error?: { code: string; detail: string }) => Promise<void>;
  /** Shared with the other writers of many rows. */
  bulk: LimitFunction;
  /** The most chunks that are stored at one time, or wait for it. */
  writers: number;
  /** For the rows that are held until they are stored. */
  room: Room;
  /** Called between chunks, and during stretches without a chunk: another batch may have to be processed alone. */
  pass: () => Promise<void>;
  signal: AbortSignal;
}

/**
 * Processes a batch from where it was left. Its payload is read as a stream and stored chunk by chunk, several at a
 * time. An unreadable payload fails the batch. A storage error is rethrown, so the batch can be resumed.
 */
export async function processBatch(work: Work, deps: ProcessDeps): Promise<void> {
  await deps.start(work.batchId);
  try {
    await storeAll(work, deps);
  } catch (error) {
    // Whatever the error is, the resumed work meets it again.
    if (deps.signal.aborted) return;
    if (!isFaultOfPayload(error)) throw error;
    await deps.finish(work.batchId, { code: error.code, detail: error.message });
    return;
  }
  if (!deps.signal.aborted) await deps.finish(work.batchId);
}

/**
 * Faults that occur whenever the payload is read. Every other error is a reason to try again, since the rows were
 * acknowledged.
 */
const PAYLOAD_FAULTS = new Set<string>([
  "invalid_json",
  "invalid_csv",
  "invalid_encoding",
  "invalid_body",
  "invalid_parameter",
  "body_too_large",
  "file_changed",
  "unsupported_file",
  "no_mapping",
  "ambiguous_mapping",
  "source_required",
  "missing_lookup",
  "no_valid_rows",
]);

const isFaultOfPayload = (error: unknown): error is AppError =>
  error instanceof AppError && PAYLOAD_FAULTS.has(error.code);

async function storeAll(work: Work, deps: ProcessDeps): Promise<void> {
  const counted = { bytes: 0 };
  const packed = isPacked(work.request.contentEncoding);
  const from = resumeFrom(work);
  const converted = isConverted({ ...work.request.format, charset: work.request.charset });
  const reading = await readingOf(work, deps);
  const sent = counting(deps.open(work, packed || converted ? 0 : from.endByte), counted, deps.signal);
  const inFlight = new Set<Promise<void>>();
  let hold: Hold | undefined;
  try {
    if (work.chunks.size === 0) await checkJson(work, reading, deps);
    hold = await roomForBlock(deps);
    const quiet = { bytes: 0 };
    // Little is held at this point, but it would keep room from the batch that must be alone.
    const stepAside = async () => {
      hold?.keep(0);
      await deps.pass();
      await hold?.wait(ROOM_OF_BLOCK);
    };
    const unpacked = passing(unpack(sent, packed), quiet, stepAside);
    const text = packed && !converted ? skipping(unpacked, from.endByte) : unpacked;
    const stream = await openStream(work, text, from, reading, deps);
    const options = await classifyOptions(work, stream, deps);
    let failure: { error: unknown } | undefined;
    let mark = performance.now();
    let chunk = from.chunk;
    // A sender over HTTP gets a verdict on every row that it sent.
    let tripless = from.chunk === 0 && work.request.file ? 0 : Number.NaN;
    for (;;) {
      hold ??= await roomForBlock(deps);
      const { done, value: block } = await stream.blocks.next();
      quiet.bytes = 0;
      if (done || deps.signal.aborted || failure) break;
      const number = chunk++;
      if (work.chunks.has(number)) {
        hold.release();
        hold = undefined;
        continue;
      }
      hold.keep(bytesOfBlock(block.rows.length, block.bytes));
      const sorted = await classifyRows(block.rows, options);
      // Waiting chunks take memory. While other writers wait, only one chunk of this batch waits too.
      while (inFlight.size >= (deps.bulk.pendingCount > 0 ? 1 : deps.writers)) await Promise.race(inFlight);
      const now = performance.now();
      const busySeconds = (now - mark) / 1000;
      mark = now;
      const ready = {
        ...sorted,
        batchId: work.batchId,
        number: work.number,
        chunk: number,
        endByte: block.endByte,
        received: block.rows.length,
        withVerdicts: work.request.withVerdicts,
        bytesDone: Math.min(
          work.bytes,
          packed || isConverted(stream.format) ? counted.bytes : block.endByte || counted.bytes,
        ),
        busySeconds,
      };
      const held = hold;
      hold = undefined;
      const stored = deps
        .bulk(() => deps.storeChunk(ready))
        .catch((error) => {
          failure ??= { error };
        })
        .finally(() => {
          inFlight.delete(stored);
          held.release();
        });
      inFlight.add(stored);
      tripless = sorted.trips.length > 0 ? Number.NaN : tripless + block.rows.length;
      if (tripless >= HOPELESS_ROWS) {
        await Promise.all(inFlight);
        throw (failure as { error: unknown } | undefined)?.error ?? hopeless(tripless, sorted.rejected[0]?.problems[0]);
      }
    }
    await Promise.all(inFlight);
    if (failure) throw failure.error;
  } finally {
    hold?.release();
    // This also runs if reading ended early: chunks that are being stored are counted before the batch ends.
    await Promise.all(inFlight);
    await sent.return(undefined);
  }
}

/** Steps aside if needed, while nothing is held, and waits for room for the next block. */
async function roomForBlock({ pass, room }: ProcessDeps): Promise<Hold> {
  await pass();
  const hold = room.hold("rows");
  await hold.wait(ROOM_OF_BLOCK);
  return hold;
}

type From = { chunk: number; rows: number; endByte: number };

/** Reads JSON to its end once before any of it is stored, since JSON that breaks somewhere is refused as a whole. */
async function checkJson(work: Work, reading: Reading, deps: ProcessDeps): Promise<void> {
  try {
    if ((await formAtStart(again(work, deps), work.request.contentType, reading.charset)) === "json")
      await readToEnd(passing(again(work, deps), { bytes: 0 }, deps.pass), reading, deps.limits);
  } catch (error) {
    throw error instanceof BrokenJson ? await located(error, again(work, deps)) : error;
  }
}

/** The unpacked payload from its start, separate from the stream that is being stored. */
const again = (work: Work, deps: ProcessDeps) =>
  unpack(counting(deps.open(work, 0), { bytes: 0 }, deps.signal), isPacked(work.request.contentEncoding));

/** Opens the stream of the rows of a batch. */
async function openStream(
  work: Work,
  bytes: AsyncIterable<Buffer>,
  from: From,
  reading: Reading,
  deps: ProcessDeps,
): Promise<RowStream> {
  const { request, columns, chunks } = work;
  const format = { ...request.format, charset: request.charset };
  const known = from.chunk > 0 ? { form: formOf(work), header: columns, resume: from, format } : undefined;
  // An earlier release ended the chunks of a JSON array by rows only, and stored no end byte.
  const bytesAChunk = chunks.get(0)?.endByte === 0 ? Number.POSITIVE_INFINITY : undefined;
  try {
    return await streamRows(bytes, request.contentType, ROWS_A_CHUNK, known, bytesAChunk, deps.limits, reading);
  } catch (error) {
    throw error instanceof BrokenJson ? await located(error, again(work, deps)) : error;
  }
}

/** @throws BrokenJson */
async function readToEnd(bytes: AsyncIterable<Buffer>, reading: Reading, limits: RowLimits): Promise<void> {
  for await (const _ of jsonRowParts(bytes, reading, limits)) if (hasTakenLong()) await nextTurn();
}

/** The first chunk that is not stored, and where it begins. */
function resumeFrom({ chunks }: Work): From {
  const from = { chunk: 0, rows: 0, endByte: 0 };
  for (let next = chunks.get(0); next !== undefined && next.endByte > 0; next = chunks.get(from.chunk)) {
    from.chunk++;
    from.rows += next.rows;
    from.endByte = next.endByte;
  }
  return from;
}

/** The form of a payload that is resumed. */
const formOf = ({ columns, request }: Work): Form => (columns ? "csv" : (request.form ?? "ndjson"));
