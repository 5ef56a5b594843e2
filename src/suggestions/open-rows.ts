import { AppError } from "../errors.ts";
import { PIECE_BYTES, ROW_LIMITS } from "../parsing/row-limits.ts";
import { type RowStream, streamRows } from "../parsing/stream-rows.ts";
import { rowsPathIn } from "../text/json-path.ts";
import { isNameless } from "../text/json-rows.ts";
import type { Reading } from "../text/text-format.ts";
import { ROWS_LOOKED_AT } from "./head-of-rows.ts";

/** Opens the rows. Those without a header, and JSON whose rows lie at an unusual path, are opened another way. */
export async function openRows(
  open: () => AsyncIterable<Buffer>,
  contentType: string | undefined,
  reading: Reading,
): Promise<{ stream: RowStream; hasHeader: boolean }> {
  const withHow = (how: Reading) =>
    streamRows(open(), contentType, ROWS_LOOKED_AT, undefined, undefined, ROW_LIMITS, how);
  try {
    const stream = await withHow(reading);
    const more = stream.form === "json" ? await otherRows(open, stream.format.rows) : undefined;
    return { stream: more ? await withHow({ ...reading, ...more }) : stream, hasHeader: more?.hasHeader !== false };
  } catch (error) {
    const isHeaderless = error instanceof AppError && error.message.startsWith("The CSV has no header");
    if (!isHeaderless) throw error;
    return { stream: await withHow({ ...reading, hasHeader: false }), hasHeader: false };
  }
}

/**
 * How to read JSON whose rows are not found by themselves: at the path of any array of objects in an object, since a person
 * sees the proposal; or by position, if they are arrays whose columns nothing names.
 */
async function otherRows(open: () => AsyncIterable<Buffer>, found: string | undefined): Promise<Reading | undefined> {
  for await (const head of open()) {
    const rows = found ?? rowsPathIn(head.subarray(0, PIECE_BYTES), (path) => path.length > 0);
    if (isNameless(head, rows)) return { rows, hasHeader: false };
    return rows === found ? undefined : { rows };
  }
  return undefined;
}
