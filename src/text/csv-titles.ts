import { isValue } from "./no-header.ts";

/** The most lines that may stand before a header. */
const MAX_TITLES = 30;
/** A trip needs a time and two coordinates. */
const MIN_NAMES = 3;
/** This many records below a header show whether it belongs to them. */
const BELOW = 20;

/**
 * Counts the records before the header: titles, the day of a report, comments. The header is the first record with twice
 * as many cells as any before it, of names alone, whose number of cells most records below have too.
 *
 * @returns undefined if the first record may be the header itself
 */
export function titlesIn(records: readonly string[][]): number | undefined {
  let widest = 0;
  for (const [i, cells] of records.slice(0, MAX_TITLES + 1).entries()) {
    const names = filledIn(cells);
    if (
      i > 0 &&
      names.length >= Math.max(2 * widest, MIN_NAMES) &&
      isHeader(cells, records.slice(i + 1, i + 1 + BELOW))
    )
      return i;
    widest = Math.max(widest, names.length);
  }
  return undefined;
}

function isHeader(cells: readonly string[], below: readonly string[][]): boolean {
  const names = filledIn(cells);
  const width = cells.findLastIndex((cell) => cell.trim() !== "") + 1;
  if (below.length === 0 || new Set(names).size < names.length || names.some(holdsValue)) return false;
  const fitting = below.filter((row) => row.length >= width && filledIn(row.slice(width)).length === 0);
  return fitting.length >= below.length * 0.8 && fitting.some((row) => row.some(isValue));
}

/** Whether a cell holds a value, also beside another delimiter: `1,2024-03-02,a` is the start of a row with a list, no name. */
const holdsValue = (cell: string) => cell.split(/[,;\t|]/).some(isValue);

/** The cells that hold something, without the blanks around them. */
export const filledIn = (cells: readonly string[]) => cells.map((cell) => cell.trim()).filter((cell) => cell !== "");

/**
 * Whether a title may stand before the header: the first line has fewer cells than one of the next. Most files are told
 * apart by this alone. A delimiter in quotes is none: otherwise the records of many files were cut four times, which took
 * 5 ms.
 */
export function mayHaveTitles(head: string, delimiters: readonly string[]): boolean {
  const lines = head
    .split(/\r\n|\n|\r/, MAX_TITLES + 2)
    .filter((line) => line !== "")
    .map((line) => line.replace(/"[^"]*"/g, "-"));
  const [first = "", ...others] = lines;
  const most = Math.max(...delimiters.map((one) => filledIn(first.split(one)).length));
  return others.some((line) =>
    delimiters.some((one) => {
      const cells = line.split(one);
      return cells.length > most && filledIn(cells).length > most;
    }),
  );
}
