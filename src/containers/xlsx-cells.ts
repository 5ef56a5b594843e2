import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import { dateText } from "./xlsx-dates.ts";

/** The columns that Excel has. */
export const MAX_COLUMNS = 16_384;

/** What the cells of a sheet refer to. */
export interface About {
  shared: readonly string[];
  dateStyles: readonly boolean[];
  is1904: boolean;
}

/** The text of a cell as a CSV has it: dates and times in ISO 8601, numbers with all their digits. */
export function textOf(
  { type, style, value }: { type: string; style: number; value: string },
  { shared, dateStyles, is1904 }: About,
): string {
  if (type === "s") return value === "" ? "" : sharedText(shared, value);
  if (type === "b") return value === "1" ? "true" : "false";
  if (type === "e") return "";
  if (type !== "n" || value === "") return value;
  if (dateStyles[style]) return dateText(Number(value), is1904) ?? value;
  // Excel writes 15 digits that are meant as 17: 7.67 as 7.6699999999999999.
  const number = Number(value);
  return Number.isFinite(number) ? String(Number(number.toPrecision(15))) : value;
}

function sharedText(shared: readonly string[], index: string): string {
  const text = shared[Number(index)];
  if (text !== undefined) return text;
  throw unreadable(new Error(`a cell names the shared text ${shown(index)}, and there are ${shared.length}`));
}

/** The column of a cell's address, from 0: `C7` is 2. */
export function columnOf(address: string): number {
  let column = 0;
  for (const char of address) {
    const letter = char.charCodeAt(0) - 64;
    if (letter < 1 || letter > 26 || column > MAX_COLUMNS) break;
    column = column * 26 + letter;
  }
  return column - 1;
}

/** The error for a workbook that is faulty itself. */
export const unreadable = (cause: unknown): AppError =>
  new AppError("unsupported_file", `The workbook cannot be read: ${(cause as Error).message}.`, {}, { cause });
