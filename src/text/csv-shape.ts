import { filledIn, mayHaveTitles, titlesIn } from "./csv-titles.ts";

/** The delimiters between the cells of a CSV. */
export const DELIMITERS = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** How a CSV is written. */
export interface CsvShape {
  delimiter: Delimiter;
  /** `,` if numbers are written with a decimal comma. Undefined: no number shows that they are. */
  decimal?: "," | undefined;
  /** A single quote if that is the mark around quoted cells. Undefined: a double quote. */
  quote?: "'" | undefined;
  /** Whether blanks stand between delimiters and quotes, as in `a, "b"`. */
  padded?: true | undefined;
  /** The number of records before the header. Undefined: none. */
  titles?: number | undefined;
}

export const PLAIN_SHAPE: CsvShape = { delimiter: "," };

/** The first records of a file show how all are written. */
const RECORDS_LOOKED_AT = 200;

/**
 * Finds out how a CSV is written, by its first records. The delimiter is the one that cuts the records into as many
 * cells as the header, and of several the one that gives the most cells.
 *
 * @param head the beginning of the text, without a byte order mark
 * @param isWhole whether it is all of the text; otherwise its last record may be cut off
 */
export function csvShapeOf(head: string, isWhole: boolean): CsvShape {
  const told = SEPARATOR_LINE.exec(head);
  if (told) {
    const delimiter = DELIMITERS.find((one) => one === told[1]);
    if (delimiter) return shapeWith(delimiter, recordsOf(head.slice(told[0].length), delimiter));
  }
  const lines = head.split(/\r\n|\n|\r/, RECORDS_LOOKED_AT);
  const cutAt = (delimiter: Delimiter) => {
    const style = quotesOf(lines, delimiter);
    const records = recordsOf(head, delimiter, style.quote, style.padded);
    if (!isWhole && records.length > 1 && records.length <= RECORDS_LOOKED_AT) records.pop();
    return { delimiter, records, style };
  };
  const titled = mayHaveTitles(head, DELIMITERS) ? titledIn(DELIMITERS.map(cutAt)) : undefined;
  if (titled) {
    const { titles, delimiter, records, style } = titled;
    return { ...shapeWith(delimiter, records.slice(titles)), ...style, titles };
  }
  const firstLine = head.slice(0, lineEnd(head));
  const possible = DELIMITERS.filter((delimiter) => firstLine.includes(delimiter));
  const [only = ",", ...others] = possible;
  // Most files: commas, and no number in quotes that holds one.
  const isPlain = others.length === 0 && only === "," && !/"\s*[+-]?[\d.]*,\d+\s*"/.test(head);
  if (isPlain && Object.keys(quotesOf(lines, only)).length === 0) return PLAIN_SHAPE;
  const cut = possible.map(cutAt).map((one) => ({ ...one, ...fitOf(one.records) }));
  const best = cut.reduce<(typeof cut)[number] | undefined>(
    (top, one) =>
      one.width > 1 && (!top || one.share > top.share || (one.share === top.share && one.width > top.width))
        ? one
        : top,
    undefined,
  );
  if (!best) return PLAIN_SHAPE;
  return { ...shapeWith(best.delimiter, best.records), ...best.style };
}

type Quotes = Pick<CsvShape, "quote" | "padded">;

/** How cells are quoted, if this is the delimiter. A mark beside another delimiter is part of a text: `|'|` in a name. */
function quotesOf(lines: readonly string[], delimiter: Delimiter): Quotes {
  const mark = delimiter === "|" ? "\\|" : delimiter;
  return {
    ...(hasSingleQuotes(lines, mark) ? { quote: "'" } : {}),
    ...(isPadded(lines, mark) ? { padded: true } : {}),
  };
}

/**
 * The delimiter that shows a header with most columns below titles. The header has more cells than the first record has
 * by any delimiter: the first record of a usual file may be a header that holds line ends in quotes.
 */
function titledIn<T extends { records: string[][] }>(cut: readonly T[]): (T & { titles: number }) | undefined {
  const columnsOf = (cells: readonly string[] = []) => filledIn(cells).length;
  const most = Math.max(...cut.map(({ records }) => columnsOf(records[0])));
  const found = cut.flatMap((one) => {
    const titles = titlesIn(one.records);
    const columns = titles === undefined ? 0 : columnsOf(one.records[titles]);
    return titles === undefined || columns <= most ? [] : [{ ...one, titles, columns }];
  });
  return found.sort((a, b) => b.columns - a.columns)[0];
}

/**
 * Whether cells are put in single quotes: in some of the first lines as many begin with one as end with one, and no cell
 * begins with a double one.
 */
function hasSingleQuotes(lines: readonly string[], mark: string): boolean {
  const opening = new RegExp(`(^|${mark}) *'`, "g");
  const closing = new RegExp(`'\\s*(?=$|${mark})`, "g");
  const count = (line: string, what: RegExp) => line.match(what)?.length ?? 0;
  const first = lines.slice(0, LINES_OF_QUOTES);
  if (!first.some((line) => count(line, opening) > 0)) return false;
  if (first.some((line) => count(line, opening) !== count(line, closing))) return false;
  const quoted = new RegExp(`(^|${mark}) *'[^']*'`, "g");
  const double = new RegExp(`(^|${mark}) *"`);
  return lines.every((line) => !line.includes('"') || !double.test(line.replace(quoted, "$1")));
}

/** Whether blanks follow delimiters, in the header too, and quotes the blanks: `"id", "name"`. */
function isPadded(lines: readonly string[], mark: string): boolean {
  // Tabs are blanks themselves.
  if (mark === "\t") return false;
  const quoted = new RegExp(`${mark} +(["'])(?:(?!\\1).)+\\1 *(?=${mark}|$)`);
  const [header = "", ...others] = lines.slice(0, LINES_OF_QUOTES);
  return new RegExp(`${mark} +\\S`).test(header) && [header, ...others].some((line) => quoted.test(line));
}

const LINES_OF_QUOTES = 3;

/** A line by which spreadsheets are told the delimiter: `sep=;`. */
const SEPARATOR_LINE = /^"?sep=(.)"?\r?\n/i;

/** Whether the first record of a CSV only tells the delimiter. */
export const isSeparatorLine = (cells: readonly string[] | undefined): boolean =>
  cells !== undefined && /^sep=.?$/i.test(cells[0] ?? "") && cells.slice(1).every((cell) => cell === "");

function shapeWith(delimiter: Delimiter, records: readonly string[][]): CsvShape {
  const decimal = hasDecimalCommas(records.slice(1)) ? ("," as const) : undefined;
  return { delimiter, ...(decimal ? { decimal } : {}) };
}

function lineEnd(text: string): number {
  const end = text.search(/[\r\n]/);
  return end < 0 ? text.length : end;
}

/** The number of cells in the header, and the share of the other records that have as many. */
function fitOf([header = [], ...records]: string[][]): { width: number; share: number } {
  const width = withoutSurplus(header);
  const fitting = records.filter((cells) => {
    const count = withoutSurplus(cells);
    return count <= Math.max(width, header.length) && cells.length >= Math.min(width, header.length);
  });
  return { width: Math.max(width, 1), share: records.length === 0 ? 1 : fitting.length / records.length };
}

/** The number of cells up to the last one that holds something. */
function withoutSurplus(cells: readonly string[]): number {
  let count = cells.length;
  while (count > 0 && cells[count - 1]?.trim() === "") count--;
  return count;
}

/** Cuts the first records of a CSV, quoted cells too. It forgives every fault: a parser reports those. */
function recordsOf(text: string, delimiter: string, quote = '"', isPadded = false): string[][] {
  const records: string[][] = [];
  let cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  const endCell = () => {
    cells.push(cell);
    cell = "";
  };
  const endRecord = () => {
    endCell();
    if (cells.length > 1 || cells[0] !== "") records.push(cells);
    cells = [];
  };
  for (let i = 0; i < text.length && records.length <= RECORDS_LOOKED_AT; i++) {
    const char = text[i] as string;
    if (isQuoted) {
      if (char !== quote) cell += char;
      else if (text[i + 1] === quote) cell += text[i++];
      else isQuoted = false;
    } else if (char === quote && (cell === "" || (isPadded && cell.trim() === ""))) {
      [isQuoted, cell] = [true, ""];
    } else if (char === delimiter) endCell();
    else if (char === "\n" || char === "\r") endRecord();
    else cell += char;
  }
  if (cell !== "" || cells.length > 0) endRecord();
  return records;
}

const COMMA_ONLY = /^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$/;
const GROUPS_BY_COMMA = /^[+-]?\d{1,3}(,\d{3})+$/;
const POINT_ONLY = /^[+-]?(\d*|\d{1,3}(,\d{3})+)\.\d+$/;
const GROUPS_BY_POINT = /^[+-]?\d{1,3}(\.\d{3})+$/;

/**
 * Whether numbers are written with a decimal comma: some can be read in no other way, and none needs a decimal point.
 * `1,234` and `1.234` decide nothing, since the mark may also separate thousands.
 */
function hasDecimalCommas(records: readonly string[][]): boolean {
  let commas = false;
  for (const cells of records) {
    for (const raw of cells) {
      const cell = raw.trim();
      if (POINT_ONLY.test(cell) && !GROUPS_BY_POINT.test(cell)) return false;
      commas ||= COMMA_ONLY.test(cell) && !GROUPS_BY_COMMA.test(cell);
    }
  }
  return commas;
}
