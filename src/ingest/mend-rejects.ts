import { setImmediate } from "node:timers/promises";
import type { Problem, SentBody } from "../batch.ts";
import { AppError } from "../errors.ts";
import { lacks, type Mapping, nameFor } from "../mapping.ts";
import {
  type BatchToMend,
  type FindBatchToMend,
  type FindRejectedRecords,
  isFinal,
  type MendedReceipt,
  type MendedRows,
  type MendRejects,
  type MendRequest,
  notFinal,
  type StoreMended,
} from "../rejects.ts";
import { type TimeRange, yearsFrom } from "../time.ts";
import { withId } from "../trip-id.ts";
import type { Admission, Admitted } from "./admission.ts";
import { mapRow } from "./map-row.ts";
import { readable } from "./mended-record.ts";
import { type MendedRow, mendedRows } from "./mended-rows.ts";
import { decode, isPacked, readHead, tooLarge, unpackWhole } from "./read-body.ts";
import { rowsFrom, safeJson } from "./rows.ts";
import type { SentRows } from "./sent-row.ts";
import { namesOf } from "./sort-rows.ts";

/** Rows between two turns of the event loop, as where they came in first. */
const ROWS_A_TURN = 1000;

export interface MendOptions {
  findBatch: FindBatchToMend;
  findRecords: FindRejectedRecords;
  findMapping: (name: string) => Promise<Mapping | undefined>;
  storeMended: StoreMended;
  admission: Admission;
  /** Of the file, packed or unpacked: it is held whole. */
  maxBodyBytes: number;
  /** `YYYY-MM-DD`; trips that began earlier are rejected. */
  minTime: string;
  now?: () => Date;
}

/** Makes the way in for rows that were rejected and come back mended; `storeMended` has committed when it returns. */
export function createMendRejects(options: MendOptions): MendRejects {
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
  const sent = rowsFrom(await readWhole(request.body, options.maxBodyBytes, admitted), request.contentType);
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
    await sortRows(mended, tripRecords, rows, sent.form, records, batch, mapping, startRange);
  }
  return options.storeMended(mended);
}

/** What a packed body unpacks to is not known, so it counts as the most. */
async function readWhole(body: SentBody, maxBytes: number, admitted: Admitted): Promise<string> {
  const known = isPacked(body.contentEncoding) ? undefined : body.contentLength;
  await admitted.hold(Math.min(known ?? maxBytes, maxBytes));
  const head = await readHead(body, maxBytes, maxBytes);
  const unpacked = head.rest ? undefined : await unpackWhole(head.bytes, body.contentEncoding, maxBytes);
  if (!unpacked) throw tooLarge(maxBytes);
  return decode(unpacked);
}

async function mappingOf(batch: BatchToMend, { findMapping }: MendOptions, sent: SentRows): Promise<Mapping> {
  const mapping = batch.mapping === null ? undefined : await findMapping(batch.mapping);
  if (!mapping) {
    const detail = `The mapping ${batch.mapping}, by which the rows of this batch became trips, is not there any more.`;
    throw new AppError("not_found", detail);
  }
  // Without such a column no row can be a trip, and what was there of it would be lost.
  const missing = sent.form === "csv" ? lacks(mapping, sent.fields) : [];
  if (missing.length > 0) {
    const detail = `it has no column ${missing.join("; no column ")}`;
    throw new AppError("invalid_csv", `The CSV's header does not fit the mapping ${mapping.name}: ${detail}.`, {
      mapping: mapping.name,
      missing_columns: missing,
      columns: sent.fields,
    });
  }
  return mapping;
}

async function sortRows(
  mended: MendedRows,
  tripRecords: Map<number, Record<string, unknown>>,
  rows: readonly MendedRow[],
  form: SentRows["form"],
  records: ReadonlyMap<number, string>,
  batch: BatchToMend,
  mapping: Mapping,
  startRange: TimeRange,
): Promise<void> {
  for (const [i, mendedRow] of rows.entries()) {
    if (i % ROWS_A_TURN === ROWS_A_TURN - 1) await setImmediate();
    const { row } = mendedRow;
    const before = records.get(row);
    if (before === undefined) continue;
    const read = readable(mendedRow, form, before, batch.columns, mapping);
    if ("fault" in read) {
      const problem: Problem = { field: "row", ...read.fault };
      mended.rejected.push({ row, tripId: undefined, source: undefined, problems: [problem], record: read.kept });
      continue;
    }
    const mapped = mapRow(read.record, mapping, batch.columns !== undefined, startRange);
    if ("trip" in mapped) {
      // As it would have been made for this row at first.
      const id = batch.identity === "row" ? `${mended.batchId}/${row}` : undefined;
      mended.trips.push({ row, trip: withId(mapped.trip, id) });
      tripRecords.set(row, read.record);
    } else {
      const { tripId, source } = namesOf(read.record, mapping);
      mended.rejected.push({ row, tripId, source, problems: mapped.problems, record: safeJson(read.record) });
    }
  }
}
