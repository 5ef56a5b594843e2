import { AppError } from "../errors.ts";
import { breathe } from "../kit/event-loop.ts";
import { ROW_LIMITS } from "../parsing/row-limits.ts";
import type { RowStream } from "../parsing/stream-rows.ts";
import { flattened } from "./flatten-record.ts";

export const ROWS_LOOKED_AT = 1000;
/** No row is searched for behind as many, however few of them can be read: 200,000 numbers take a second. */
const MAX_READ = 10_000;

/** The columns and values of the first rows, and why the first one that cannot be read is none. */
export async function headOf(
  stream: RowStream,
): Promise<{ header: string[]; rows: unknown[][]; fault: string | undefined }> {
  const records: Record<string, unknown>[] = [];
  const names = new Set(stream.header);
  let looked = 0;
  let fault: string | undefined;
  for await (const { rows } of stream.blocks) {
    for (const row of rows) {
      await breathe();
      if ("record" in row) {
        const record = stream.form === "csv" ? row.record : flattened(row.record);
        records.push(record);
        if (!stream.header) for (const name of Object.keys(record)) names.add(name);
        if (names.size > ROW_LIMITS.maxColumns) throw tooManyFields();
      } else fault ??= `row ${row.row}: ${row.fault.detail}`;
    }
    looked += rows.length;
    if (records.length === 0 && looked >= MAX_READ)
      throw new AppError("invalid_body", `None of the first ${looked} rows can be read: ${fault}.`);
    if (records.length >= ROWS_LOOKED_AT || looked >= MAX_READ) break;
  }
  const header = stream.header ?? [...names];
  const rows: unknown[][] = [];
  for (const record of records) {
    await breathe();
    rows.push(header.map((name) => record[name]));
  }
  return { header, rows, fault };
}

/** A thousand rows with fields of their own each would be a table of a billion cells. */
const tooManyFields = () =>
  new AppError(
    "invalid_body",
    `Expected at most ${ROW_LIMITS.maxColumns} fields in all rows together, but the first rows have more.`,
  );

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
