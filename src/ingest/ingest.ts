import { createHash, randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Batch, Ingest, IngestRequest, LoadTrips, Problem } from "../batch.ts";
import { AppError } from "../errors.ts";
import { lacks, type Mapping, recognise } from "../mapping.ts";
import { shown } from "../point.ts";
import { type TimeRange, yearsFrom } from "../time.ts";
import { withId } from "../trip-id.ts";
import { mapRow } from "./map-row.ts";
import { native } from "./mappings/native.ts";
import { tripsCsv } from "./mappings/trips-csv.ts";
import { xrides } from "./mappings/xrides.ts";
import { readBody } from "./read-body.ts";
import { rowsFrom, safeJson } from "./rows.ts";
import type { SentRows } from "./sent-row.ts";

export const BUILT_IN: readonly Mapping[] = [native, tripsCsv, xrides];

/** Rows between two turns of the event loop, so that other requests are answered while a large one is read (about 10 ms). */
const ROWS_A_TURN = 1000;

export interface IngestOptions {
  loadTrips: LoadTrips;
  maxBodyBytes: number;
  /** `YYYY-MM-DD`; trips that began earlier are rejected. */
  minTime: string;
  now?: () => Date;
}

/** Makes the way in; `loadTrips` has committed when it returns. */
export function createIngest({ loadTrips, maxBodyBytes, minTime, now = () => new Date() }: IngestOptions): Ingest {
  return async (request) => {
    const text = await readBody(request.body, maxBodyBytes);
    const sent = rowsFrom(text, request.contentType);
    const mapping = chooseMapping(request.mapping, sent);
    const batch = newBatch(request, mapping, sent, text);
    await sortRows(batch, sent, mapping, request.identity, { min: minTime, max: yearsFrom(now(), 1) });
    return loadTrips(batch);
  };
}

function chooseMapping(name: string | undefined, sent: SentRows): Mapping {
  const named = BUILT_IN.find((mapping) => mapping.name === name);
  if (name !== undefined && !named) {
    const names = BUILT_IN.map((mapping) => mapping.name).join(", ");
    const detail = `expected one of ${names}, but got ${shown(name)}`;
    throw new AppError("invalid_parameter", `mapping: ${detail}`, { errors: [{ field: "mapping", detail }] });
  }
  const mapping = named ?? recognise(BUILT_IN, sent.fields) ?? native;
  if (sent.form === "csv") {
    const missing = lacks(mapping, sent.fields);
    if (missing.length > 0) {
      throw new AppError(
        "invalid_csv",
        `The CSV's header does not fit the mapping ${mapping.name}: it has no column ${missing.join("; no column ")}.`,
        { mapping: mapping.name, missing_columns: missing, columns: sent.fields },
      );
    }
  }
  return mapping;
}

function newBatch(request: IngestRequest, mapping: Mapping, sent: SentRows, text: string): Batch {
  const parameters = [request.mapping ?? "", request.identity, request.withVerdicts, sent.form];
  const digest = () => createHash("sha256").update(JSON.stringify(parameters)).update(text).digest();
  return {
    batchId: randomUUID(),
    mapping: mapping.name,
    columns: sent.form === "csv" ? sent.fields : undefined,
    received: sent.rows.length,
    trips: [],
    rejected: [],
    withVerdicts: request.withVerdicts,
    idempotency: request.idempotencyKey === undefined ? undefined : { key: request.idempotencyKey, digest: digest() },
  };
}

async function sortRows(
  batch: Batch,
  sent: SentRows,
  mapping: Mapping,
  identity: IngestRequest["identity"],
  startRange: TimeRange,
): Promise<void> {
  for (const [i, sentRow] of sent.rows.entries()) {
    if (i % ROWS_A_TURN === ROWS_A_TURN - 1) await setImmediate();
    const { row } = sentRow;
    if ("fault" in sentRow) {
      const problem: Problem = { field: "row", ...sentRow.fault };
      batch.rejected.push({ row, tripId: undefined, source: undefined, problems: [problem], record: sentRow.raw });
      continue;
    }
    const mapped = mapRow(sentRow.record, mapping, sent.form === "csv", startRange);
    if ("trip" in mapped) {
      batch.trips.push({ row, trip: withId(mapped.trip, identity === "row" ? `${batch.batchId}/${row}` : undefined) });
    } else {
      const { problems, tripId, source } = { ...mapped, ...namesOf(sentRow.record, mapping) };
      batch.rejected.push({ row, tripId, source, problems, record: safeJson(sentRow.record) });
    }
  }
}

/** What a rejected row says its id and source are, where that can be read. */
function namesOf(record: Record<string, unknown>, mapping: Mapping): { tripId?: string; source?: string } {
  const read = (target: "trip_id" | "source") => {
    const column = Object.keys(mapping.columns).find((name) => mapping.columns[name]?.to === target);
    const value = column === undefined ? undefined : record[column];
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    return text !== "" && text.length <= 200 && text.isWellFormed() && !text.includes("\0") ? text : undefined;
  };
  const tripId = read("trip_id");
  const source = read("source") ?? mapping.constants.source;
  return { ...(tripId !== undefined ? { tripId } : {}), ...(source !== undefined ? { source } : {}) };
}
