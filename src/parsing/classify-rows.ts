import type { ClassifiedRows } from "../batches/batch.ts";
import type { Identity } from "../batches/ingest-request.ts";
import type { Problem } from "../batches/receipt.ts";
import type { Bound } from "../kit/bounds.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import { type Mapping, nameFor } from "../mappings/mapping.ts";
import type { TimeRange } from "../time/time.ts";
import { withId } from "../trips/trip-id.ts";
import type { Mapped } from "./build-trip.ts";
import { compileCells, compileMapping, type MapAbout } from "./map-row.ts";
import { ROW_LIMITS, type RowLimits } from "./row-limits.ts";
import { safeJson } from "./rows.ts";
import { CsvRow, type SentRow } from "./sent-row.ts";

/** Rows between two looks at the clock. One look takes as long as a fiftieth of a row. */
const ROWS_BETWEEN_LOOKS = 2;

export interface ClassifyOptions {
  batchId: string;
  mapping: Mapping;
  identity: Identity;
  /** The header of a CSV. Undefined: JSON. */
  header: readonly string[] | undefined;
  startRange: TimeRange;
  limits?: RowLimits;
  /** How the file writes numbers, and the lookups that its mapping names. */
  about?: MapAbout;
  /** The only trips that the sender may write. Undefined: all. */
  bound?: Bound | undefined;
}

/** Maps rows to trips, and rejects the rows that are not trips. */
export async function classifyRows(rows: readonly SentRow[], options: ClassifyOptions): Promise<ClassifiedRows> {
  const { batchId, mapping, identity, header, startRange, limits = ROW_LIMITS, about, bound } = options;
  const mapRecord = compileMapping(mapping, header !== undefined, startRange, limits, about);
  const mapCells = header && compileCells(mapping, header, startRange, limits, about);
  const sorted: ClassifiedRows = { trips: [], rejected: [], sent: finder(rows, mapping) };
  for (const [i, sentRow] of rows.entries()) {
    // One row can be as long as a thousand others, so the elapsed time decides.
    if (i % ROWS_BETWEEN_LOOKS === 0 && hasTakenLong()) await nextTurn();
    const { row } = sentRow;
    if ("fault" in sentRow) {
      const problem: Problem = { field: "row", ...sentRow.fault };
      sorted.rejected.push({ row, tripId: undefined, source: undefined, problems: [problem], record: sentRow.raw });
      continue;
    }
    const ofCsv = sentRow instanceof CsvRow ? sentRow : undefined;
    const read = mapCells && ofCsv ? mapCells(ofCsv.cells) : mapRecord(sentRow.record);
    const mapped = bound ? permitted(read, mapping, bound) : read;
    if ("trip" in mapped) {
      sorted.trips.push({ row, trip: withId(mapped.trip, identity === "row" ? `${batchId}/${row}` : undefined) });
    } else {
      const { record } = sentRow;
      const { tripId, source } = namesOf(record, mapping);
      sorted.rejected.push({ row, tripId, source, problems: mapped.problems, record: sentRow.raw || safeJson(record) });
    }
    ofCsv?.release();
  }
  return sorted;
}

/** Turns a trip that its sender may not write into a problem. */
export function permitted(mapped: Mapped, mapping: Mapping, bound: Bound): Mapped {
  if (!("trip" in mapped)) return mapped;
  for (const kind of ["source", "region"] as const) {
    const only = bound[kind];
    if (only === undefined || mapped.trip[kind] === only) continue;
    const detail = `the credential is bound to the ${kind} ${only}`;
    return { problems: [{ field: nameFor(mapping, kind), code: "not_permitted", detail }] };
  }
  return mapped;
}

/** Creates the lookup of rows as sent. It is rarely used, so its index is built on first use. */
function finder(rows: readonly SentRow[], mapping: Mapping): ClassifiedRows["sent"] {
  let byNumber: Map<number, SentRow> | undefined;
  return (row) => {
    byNumber ??= new Map(rows.map((one) => [one.row, one]));
    const found = byNumber.get(row);
    const record = found && !("fault" in found) ? found.raw || safeJson(found.record) : "{}";
    return { field: nameFor(mapping, "started_at"), record };
  };
}

/** Reads the id and the source of a rejected row, if they are readable. */
export function namesOf(
  record: Record<string, unknown>,
  mapping: Mapping,
): { tripId: string | undefined; source: string | undefined } {
  const read = (target: "trip_id" | "source") => {
    const column = Object.keys(mapping.columns).find((name) => mapping.columns[name]?.to === target);
    const value = column === undefined ? undefined : record[column];
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    return text !== "" && text.length <= 200 && text.isWellFormed() && !text.includes("\0") ? text : undefined;
  };
  return { tripId: read("trip_id"), source: read("source") ?? mapping.constants.source };
}
