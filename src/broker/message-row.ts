import { isUtf8 } from "node:buffer";
import { shown } from "../kit/shown.ts";
import type { Message } from "../messaging/broker.ts";
import { tooLong } from "../parsing/row-faults.ts";
import { kept, type RowLimits } from "../parsing/row-limits.ts";
import { lineFrom, ndjsonRow } from "../parsing/rows.ts";
import { type SentRow, storable } from "../parsing/sent-row.ts";

/**
 * The row that a message holds: one JSON object, read as a line of NDJSON is. A message that is none gives a row with a
 * fault, so it never holds up the messages after it.
 */
export function messageRow(row: number, { value, fault }: Message, limits: Pick<RowLimits, "maxRowBytes">): SentRow {
  const raw = () => storable(kept(Buffer.from(value ?? []).toString("utf8")));
  if (fault) return { row, raw: raw(), fault };
  if (value === undefined || value.length === 0) {
    const detail = "expected a JSON object, but the message is empty";
    return { row, raw: "", fault: { code: "invalid_json", detail } };
  }
  if (value.length > limits.maxRowBytes) return { row, raw: raw(), fault: tooLong(limits.maxRowBytes) };
  if (!isUtf8(value)) {
    const detail = `expected a JSON object in UTF-8, but got ${shown(raw())}`;
    return { row, raw: raw(), fault: { code: "invalid_text", detail } };
  }
  return ndjsonRow(row, lineFrom(Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8"), true));
}
