import {
  ArrayEnd,
  afterBlank,
  arrayAt,
  COMMA,
  JsonWalker,
  namesIn,
  OPEN_ARRAY,
  OPEN_OBJECT,
  rowsPathIn,
} from "./json-path.ts";
import { isValue } from "./no-header.ts";
import { HEAD_BYTES, type Peeked, peek, skipping } from "./peek.ts";
import type { Reading } from "./text-format.ts";

/** How the rows of JSON that are arrays become records. */
export interface ArrayColumns {
  /** The column of each member. */
  names: readonly string[];
  /** Whether each row has as many members. False: the columns are positions, and a row may have fewer. */
  isExact: boolean;
}

/** Where the rows of a JSON document are, and what their members are called. */
export interface JsonRows {
  /** The path of their array. Empty: the document is the array. Undefined: so it is, or it is the only row. */
  path: string | undefined;
  /** Undefined: rows are objects. */
  columns: ArrayColumns | undefined;
  /** The length of the first row that holds the names of the columns, with the comma behind it. */
  headerBytes?: number;
}

/** Some web services write statistics of each column before the rows: 2 to 4 KB a column. */
const LONG_HEAD = 1024 * 1024;
/** More columns than any row may have. */
const MAX_NAMES = 1000;
/** A trip needs a time and two coordinates. */
const MIN_NAMES = 3;

/** The columns of rows that are arrays where nothing names them. */
export const BY_POSITION: ArrayColumns = {
  names: Array.from({ length: MAX_NAMES }, (_, i) => `${i + 1}`),
  isExact: false,
};

/**
 * Finds the rows of a JSON document. Where rows are arrays, a list before them names their columns, such as `columns`,
 * `fields` or `meta.view.columns`: of texts, or of objects with a name. Else the first row names them, if it holds nothing
 * but names. With `hasHeader: false` the columns are positions, counted from 1.
 *
 * @param document as much of it as is held
 */
export function jsonRowsIn(document: Buffer, reading: Reading): JsonRows {
  const { where, isReached } = rowsIn(document.subarray(0, HEAD_BYTES), reading);
  const isCut = document.length > HEAD_BYTES && !isReached;
  return isCut ? rowsIn(document.subarray(0, LONG_HEAD), reading).where : where;
}

/** Does the same with a document that arrives in pieces, and gives all of it again. */
export async function peekRows(peeked: Peeked, reading: Reading): Promise<Peeked & { where: JsonRows }> {
  const { where, isReached } = rowsIn(peeked.head, reading);
  if (peeked.isWhole || isReached) return { ...peeked, where };
  const more = await peek(peeked.all, LONG_HEAD);
  return { ...more, where: rowsIn(more.head, reading).where };
}

interface Found {
  where: JsonRows;
  /** Whether the rows begin in what was looked at. */
  isReached: boolean;
  /** Whether the first row is an array. */
  isArrays: boolean;
}

function rowsIn(head: Buffer, reading: Reading): Found {
  const path = reading.rows ?? rowsPathIn(head);
  // A trip that is sent alone, as most are: it is an object, and no array is its rows.
  if (path === undefined && isObject(head))
    return { where: { path, columns: byPosition(reading) }, isReached: false, isArrays: false };
  const first = firstRowOf(head, path ?? "");
  const isArrays = first?.row !== undefined;
  const about = { isReached: first !== undefined, isArrays };
  if (reading.hasHeader === false) return { where: { path, columns: BY_POSITION }, ...about };
  const named = first?.row && namedColumns(first.row, first);
  return { where: named ? { path: path ?? "", ...named } : { path, columns: undefined }, ...about };
}

const byPosition = ({ hasHeader }: Reading) => (hasHeader === false ? BY_POSITION : undefined);

const isObject = (head: Buffer): boolean => head[afterBlank(head, head[0] === 0xef ? 3 : 0)] === OPEN_OBJECT;

/** Whether rows are arrays, and nothing names their columns. */
export function isNameless(head: Buffer, rows: string | undefined): boolean {
  const { where, isArrays } = rowsIn(head, { rows });
  return isArrays && where.columns === undefined;
}

/** The bytes of the array of rows, as those of a document pass. */
export function rowsText(bytes: AsyncIterable<Buffer>, { path, headerBytes }: JsonRows): AsyncIterable<Buffer> {
  if (path === undefined) return bytes;
  const array = arrayAt(bytes, path);
  return headerBytes === undefined ? array : withoutFirst(array, headerBytes);
}

async function* withoutFirst(array: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  yield Buffer.from("[");
  yield* skipping(array, 1 + length);
}

/** The record of a row that is an array; undefined if it has another number of members than there are columns. */
export function recordOfArray(row: readonly unknown[], columns: ArrayColumns): Record<string, unknown> | undefined {
  const { names, isExact } = columns;
  if (isExact ? row.length !== names.length : row.length > names.length) return undefined;
  return Object.fromEntries(row.map((value, i) => [names[i], value]));
}

function namedColumns(row: readonly unknown[], { lists, bytes }: FirstRow): Omit<JsonRows, "path"> | undefined {
  for (const list of lists.reverse()) {
    const names = namesOf(list());
    if (names?.length === row.length) return { columns: { names, isExact: true } };
  }
  const isHeader = row.length >= MIN_NAMES && row.every((name) => typeof name === "string" && !isValue(name));
  const names = isHeader ? namesOf(row) : undefined;
  return names && { columns: { names, isExact: true }, headerBytes: bytes };
}

interface FirstRow {
  /** Undefined: it is no array, or cut. */
  row: unknown[] | undefined;
  /** The lists that stand before it. They are read if they are needed. */
  lists: (() => unknown)[];
  /** The length of the row, with all up to the next one. */
  bytes: number;
}

/** The first row of the array at a path, if the array begins in the head. */
function firstRowOf(head: Buffer, path: string): FirstRow | undefined {
  const wanted = namesIn(path);
  const lists: (() => unknown)[] = [];
  const walker = new JsonWalker();
  for (let at = head[0] === 0xef ? 3 : 0; at < head.length; at++) {
    if (!walker.takes(head[at] as number)) continue;
    const names = walker.path;
    const start = at;
    if (names?.length === wanted.length && names.every((name, i) => name === wanted[i])) {
      return { lists, ...firstOf(head, start) };
    }
    if (names) lists.push(() => valueAt(head, start));
    walker.enterArray();
  }
  return undefined;
}

/** The array that begins at a place; undefined if it is cut or no JSON. */
function valueAt(head: Buffer, start: number): unknown[] | undefined {
  const end = new ArrayEnd().find(head, start);
  try {
    return end < 0 ? undefined : JSON.parse(head.toString("utf8", start, end));
  } catch {
    return undefined;
  }
}

function firstOf(head: Buffer, start: number): Omit<FirstRow, "lists"> {
  const from = afterBlank(head, start + 1);
  const row = head[from] === OPEN_ARRAY ? valueAt(head, from) : undefined;
  if (row === undefined) return { row, bytes: 0 };
  const behind = afterBlank(head, new ArrayEnd().find(head, from));
  return { row, bytes: behind - start - (head[behind] === COMMA ? 0 : 1) };
}

/** The names in a list of columns, if it is one: each once. */
function namesOf(list: unknown): string[] | undefined {
  if (!Array.isArray(list) || list.length > MAX_NAMES) return undefined;
  const names = list.map(nameOf);
  return names.every((name) => name !== undefined) && new Set(names).size === names.length ? names : undefined;
}

/** The members by which a description of a column names it; `fieldName` is what web services call it. */
const NAMED_BY = ["fieldName", "name", "id", "key", "title"] as const;

function nameOf(column: unknown): string | undefined {
  if (typeof column === "string") return column;
  if (typeof column !== "object" || column === null) return undefined;
  const described = column as Partial<Record<string, unknown>>;
  return NAMED_BY.map((key) => described[key]).find((name): name is string => typeof name === "string");
}
