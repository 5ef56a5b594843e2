import { AppError } from "../errors.ts";
import type { RowStream } from "../parsing/stream-rows.ts";
import { flattened } from "./flatten-record.ts";

export const ROWS_LOOKED_AT = 1000;

/** The columns and values of the first rows, and why the first one that cannot be read is none. */
export async function headOf(
  stream: RowStream,
): Promise<{ header: string[]; rows: unknown[][]; fault: string | undefined }> {
  const records: Record<string, unknown>[] = [];
  let fault: string | undefined;
  for await (const { rows } of stream.blocks) {
    for (const row of rows) {
      if ("record" in row) records.push(stream.form === "csv" ? row.record : flattened(row.record));
      else fault ??= `row ${row.row}: ${row.fault.detail}`;
    }
    if (records.length >= ROWS_LOOKED_AT) break;
  }
  const header = stream.header ?? [...new Set(records.flatMap((record) => Object.keys(record)))];
  return { header, rows: records.map((record) => header.map((name) => record[name])), fault };
}

/**
 * The error for a file without rows.
 *
 * @param fault of the first row, if none could be read
 */
export function noRows(fault: string | undefined): AppError {
  return new AppError(
    "invalid_body",
    fault ? `The file holds no row that can be read: ${fault}.` : "The file holds no rows.",
  );
}

/** Whether the only record has several members that are objects with the same fields. */
export function isKeyed(header: readonly string[], rows: readonly unknown[][]): boolean {
  if (rows.length !== 1) return false;
  const fields = new Map<string, string[]>();
  for (const name of header) {
    const [first = "", ...rest] = name.split(".");
    if (rest.length > 0) fields.set(first, [...(fields.get(first) ?? []), rest.join(".")]);
    else return false;
  }
  return fields.size > 1 && new Set([...fields.values()].map((one) => one.sort().join())).size === 1;
}
