import type { Problem } from "../batches/receipt.ts";
import {
  type BatchToMend,
  type FindBatchToMend,
  type FindRejectedRecords,
  isFinal,
  type MendedReceipt,
  type MendedRows,
  type MendRequest,
  notFinal,
  OUR_COLUMNS,
  type ResubmitRejects,
  type StoreMended,
} from "../batches/rejects.ts";
import { AppError } from "../errors.ts";
import type { Admission, Admitted } from "../ingest/admission.ts";
import { currentBound } from "../kit/bounds.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import type { SentBody } from "../kit/sent-bytes.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import { shownColumns } from "../mappings/choose-mapping.ts";
import { lacks, type Mapping, nameFor } from "../mappings/mapping.ts";
import { namesOf, permitted } from "../parsing/classify-rows.ts";
import { type MapAbout, mapRow } from "../parsing/map-row.ts";
import { isPacked, readHead, tooLarge, unpackWhole } from "../parsing/read-body.ts";
import { readRows } from "../parsing/read-rows.ts";
import { ROW_LIMITS, type RowLimits } from "../parsing/row-limits.ts";
import { roomForRows, topUp } from "../parsing/row-room.ts";
import { safeJson } from "../parsing/rows.ts";
import { MAX_ROWS, type SentRows } from "../parsing/sent-row.ts";
import { type TimeRange, yearsFrom } from "../time/time.ts";
import { withId } from "../trips/trip-id.ts";
import { readable } from "./resubmitted-record.ts";
import { type MendedRow, mendedRows } from "./resubmitted-rows.ts";

export interface MendOptions {
  findBatch: FindBatchToMend;
  findRecords: FindRejectedRecords;
  findMapping: (name: string) => Promise<Mapping | undefined>;
  lookupsFor: LookupsFor;
  storeResubmitted: StoreMended;
  admission: Admission;
  /** The largest size of the file, packed or unpacked. The file is held whole. */
  maxBodyBytes: number;
  /** A slower sender is cut off. Undefined: no sender is cut off. */
  minBytesPerS?: number;
  limits?: RowLimits;
  /** `YYYY-MM-DD`; trips that began earlier are rejected. */
  minTime: string;
  now?: () => Date;
}

/** Creates the intake for rejected rows that come back mended. `storeResubmitted` has committed when it returns. */
export function createResubmitRejects(options: MendOptions): ResubmitRejects {
  return async (request) => {
    const admitted = options.admission.enter();
    try {
      return await mend(options, request, admitted);
    } finally {
      admitted.leave();
    }
  };
}

async function mend(options: MendOptions, request: MendRequest, admitted: Admitted): Promise<MendedReceipt> {
  const { batchId } = request;
  const batch = await options.findBatch(batchId);
  if (!batch) throw new AppError("not_found", `There is no batch ${batchId}.`);
  if (!isFinal(batch.state)) throw notFinal(batch.state);
  const { limits = ROW_LIMITS, admission } = options;
  const file = await readWhole(request.body, options, admitted);
  let hold = await roomForRows(admission.room, file);
  try {
    // Our own columns stand beside the sender's.
    const wider = { ...limits, maxColumns: limits.maxColumns + OUR_COLUMNS.length };
    const sent = await readRows(file, request.contentType, MAX_ROWS, wider);
    hold = await topUp(admission.room, hold, sent.rows.length);
    return await mendRows(options, batchId, batch, sent);
  } finally {
    hold?.release();
  }
}

async function mendRows(
  options: MendOptions,
  batchId: string,
  batch: BatchToMend,
  sent: SentRows,
): Promise<MendedReceipt> {
  const rows = mendedRows(sent, batch.columns);
  const numbers = rows.map(({ row }) => row);
  const records = await options.findRecords(batchId, numbers);
  const mended: MendedRows = {
    batchId,
    received: rows.length,
    trips: [],
    rejected: [],
    notRejected: numbers.filter((row) => !records.has(row)),
    sent: () => ({ field: "started_at", record: "{}" }),
  };
  if (records.size > 0) {
    const mapping = await mappingOf(batch, options, sent);
    const tripRecords = new Map<number, Record<string, unknown>>();
    mended.sent = (row) => ({ field: nameFor(mapping, "started_at"), record: safeJson(tripRecords.get(row)) });
    const startRange = { min: options.minTime, max: yearsFrom(options.now?.() ?? new Date(), 1) };
    const about = { lookups: await options.lookupsFor(mapping), numbers: { decimal: batch.format?.decimal } };
    await classifyMended(
      mended,
      tripRecords,
      rows,
      sent.form,
      records,
      batch,
      mapping,
      startRange,
      options.limits,
      about,
    );
  }
  return options.storeResubmitted(mended);
}

/** Reads the whole file. The unpacked size of a packed body is unknown, so it counts as the largest allowed size. */
async function readWhole(
  body: SentBody,
  { maxBodyBytes: maxBytes, minBytesPerS = 0 }: MendOptions,
  { body: hold }: Admitted,
): Promise<Buffer> {
  const head = await readHead(body, maxBytes, maxBytes, { hold, minBytesPerS });
  if (!head.rest && isPacked(body.contentEncoding)) await hold.grow(head.bytes.length + maxBytes);
  const unpacked = head.rest ? undefined : await unpackWhole(head.bytes, body.contentEncoding, maxBytes);
  if (!unpacked) throw tooLarge(maxBytes);
  return unpacked;
}

async function mappingOf(batch: BatchToMend, { findMapping }: MendOptions, sent: SentRows): Promise<Mapping> {
  const found = batch.mapping === null ? undefined : await findMapping(batch.mapping);
  const { source } = batch;
  const mapping = found && source !== undefined ? { ...found, constants: { ...found.constants, source } } : found;
  if (!mapping) {
    const detail = `The mapping ${batch.mapping}, by which the rows of this batch became trips, is not there any more.`;
    throw new AppError("not_found", detail);
  }
  // Without such a column no row can be a trip, and its earlier content would be lost.
  const missing = sent.form === "csv" ? lacks(mapping, sent.fields) : [];
  if (missing.length > 0) {
    const detail = `it has no column ${missing.join("; no column ")}`;
    throw new AppError("invalid_csv", `The CSV's header does not fit the mapping ${mapping.name}: ${detail}.`, {
      mapping: mapping.name,
      missing_columns: missing,
      columns: shownColumns(sent.fields),
    });
  }
  return mapping;
}

async function classifyMended(
  mended: MendedRows,
  tripRecords: Map<number, Record<string, unknown>>,
  rows: readonly MendedRow[],
  form: SentRows["form"],
  records: ReadonlyMap<number, string>,
  batch: BatchToMend,
  mapping: Mapping,
  startRange: TimeRange,
  limits: RowLimits | undefined,
  about: MapAbout,
): Promise<void> {
  const bound = currentBound();
  for (const mendedRow of rows) {
    if (hasTakenLong()) await nextTurn();
    const { row } = mendedRow;
    const before = records.get(row);
    if (before === undefined) continue;
    const read = readable(mendedRow, form, before, batch.columns, mapping);
    if ("fault" in read) {
      const problem: Problem = { field: "row", ...read.fault };
      mended.rejected.push({ row, tripId: undefined, source: undefined, problems: [problem], record: read.kept });
      continue;
    }
    const whole = mapRow(read.record, mapping, batch.columns !== undefined, startRange, limits, about);
    const mapped = bound ? permitted(whole, mapping, bound) : whole;
    if ("trip" in mapped) {
      // The id that the row would have got at first.
      const id = batch.identity === "row" ? `${mended.batchId}/${row}` : undefined;
      mended.trips.push({ row, trip: withId(mapped.trip, id) });
      tripRecords.set(row, read.record);
    } else {
      const { tripId, source } = namesOf(read.record, mapping);
      mended.rejected.push({ row, tripId, source, problems: mapped.problems, record: safeJson(read.record) });
    }
  }
}
