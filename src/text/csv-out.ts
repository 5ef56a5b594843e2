import { stringify } from "csv-stringify/sync";

/**
 * The guard is an apostrophe before text that a spreadsheet would run as a formula. Text from senders, such as the name
 * of a region, must not run in the spreadsheet that loads it. Removing the apostrophe gives back exactly the original
 * text, also if that began with an apostrophe.
 */

/** A spreadsheet may begin a new cell at these, depending on the separator that its country uses. */
const SEPARATOR = /([;\t\r\n])/;
const SUSPECT = /[=+\-@＝＋－＠\t\r\n]/;
const FORMULA = /^[=+\-@＝＋－＠]/;
const NEGATIVE = /^-(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The cell with an apostrophe before each of its parts that a spreadsheet would run. Negative numbers stay unchanged.
 */
export function guarded(cell: string): string {
  return changed(cell, (part) => `'${part}`);
}

/** The cell as it was before it was guarded. */
export function withoutGuard(cell: string): string {
  return changed(cell, (part) => (part.startsWith("'") ? part.slice(1) : part));
}

/** Both directions must find the same parts, so each part is judged without its apostrophes. */
function changed(cell: string, change: (part: string) => string): string {
  if (!SUSPECT.test(cell)) return cell;
  const parts = cell.split(SEPARATOR);
  return parts
    .map((part, i) => {
      if (i % 2 === 1) return part;
      const bare = part.replace(/^'+/, "");
      // The cell begins with a tab or a line break.
      const isEdge = i === 0 && bare === "" && parts.length > 1 && parts[1] !== ";";
      return isEdge || (FORMULA.test(bare) && !NEGATIVE.test(bare)) ? change(part) : part;
    })
    .join("");
}

export type Cell = string | number | null;

/**
 * Writes rows as lines of CSV. Text is guarded against spreadsheets that would run it. Numbers stay unchanged. This is
 * the only writer of CSV in answers.
 */
export function csvLines(rows: readonly (readonly Cell[])[]): string {
  const safe = rows.map((row) => row.map((cell) => (typeof cell === "string" ? guarded(cell) : cell)));
  // Some readers take a single carriage return for the end of a line, so it is quoted as well.
  return stringify(safe, { quoted_match: /[\r\n]/ });
}
