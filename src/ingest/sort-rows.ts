import { setImmediate } from "node:timers/promises";
import type { Identity, Problem, SortedRows } from "../batch.ts";
import { type Mapping, nameFor } from "../mapping.ts";
import type { TimeRange } from "../time.ts";
import { withId } from "../trip-id.ts";
import { compileCells, compileMapping } from "./map-row.ts";
import { safeJson } from "./rows.ts";
import { CsvRow, type SentRow } from "./sent-row.ts";

/** Rows between two turns of the event loop, so that other requests are answered while a large one is read (about 10 ms). */
const ROWS_A_TURN = 1000;

export interface SortOptions {
  batchId: string;
  mapping: Mapping;
  identity: Identity;
  /** The header of a CSV; none: JSON. */
  header: readonly string[] | undefined;
  startRange: TimeRange;
}

/** Makes trips of rows, and rejects of those that are none. */
export async function sortRows(rows: readonly SentRow[], options: SortOptions): Promise<SortedRows> {
  const { batchId, mapping, identity, header, startRange } = options;
  const mapRecord = compileMapping(mapping, header !== undefined, startRange);
  const mapCells = header && compileCells(mapping, header, startRange);
  const sorted: SortedRows = { trips: [], rejected: [], sent: finder(rows, mapping) };
  for (const [i, sentRow] of rows.entries()) {
    if (i % ROWS_A_TURN === ROWS_A_TURN - 1) await setImmediate();
    const { row } = sentRow;
    if ("fault" in sentRow) {
      const problem: Problem = { field: "row", ...sentRow.fault };
      sorted.rejected.push({ row, tripId: undefined, source: undefined, problems: [problem], record: sentRow.raw });
      continue;
    }
    const mapped = mapCells && sentRow instanceof CsvRow ? mapCells(sentRow.cells) : mapRecord(sentRow.record);
    if ("trip" in mapped) {
      sorted.trips.push({ row, trip: withId(mapped.trip, identity === "row" ? `${batchId}/${row}` : undefined) });
    } else {
      const { record } = sentRow;
      const { tripId, source } = namesOf(record, mapping);
      sorted.rejected.push({ row, tripId, source, problems: mapped.problems, record: safeJson(record) });
    }
  }
  return sorted;
}

/** Gives rows as they were sent; they are needed seldom, so nothing is made ready before. */
function finder(rows: readonly SentRow[], mapping: Mapping): SortedRows["sent"] {
  let byNumber: Map<number, SentRow> | undefined;
  return (row) => {
    byNumber ??= new Map(rows.map((one) => [one.row, one]));
    const found = byNumber.get(row);
    const record = found && !("fault" in found) ? safeJson(found.record) : "{}";
    return { field: nameFor(mapping, "started_at"), record };
  };
}

/** What a rejected row says its id and source are, where that can be read. */
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
