import { stringify } from "csv-stringify/sync";
import { guarded } from "./csv-guard.ts";

export type Cell = string | number | null;

/**
 * Writes rows as lines of CSV. Text is guarded against spreadsheets that would run it. Numbers stay unchanged. This is
 * the only writer of CSV.
 */
export function csvLines(rows: readonly (readonly Cell[])[]): string {
  const safe = rows.map((row) => row.map((cell) => (typeof cell === "string" ? guarded(cell) : cell)));
  // Some readers take a single carriage return for the end of a line, so it is quoted as well.
  return stringify(safe, { quoted_match: /[\r\n]/ });
}
