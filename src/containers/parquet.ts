import {
  type AsyncBuffer,
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { getTreePath, isFlatColumn } from "hyparquet/src/schema.js";
import { compressors } from "hyparquet-compressors";
import { AppError } from "../errors.ts";
import { checkGeoParquetCrs } from "../geo/features-crs.ts";
import { csvLine } from "./csv-text.ts";
import type { Member } from "./member.ts";
import { checkPages, type DictionaryRoom, dictionaryRoom, ParquetColumn, startOf } from "./parquet-column.ts";
import type { ColumnDecoder } from "./parquet-pages.ts";
import { parsersFor, valueText } from "./parquet-values.ts";
import type { RandomAccess } from "./random-access.ts";

const MAX_FOOTER_BYTES = 16 * 1024 * 1024;
const MAX_COLUMNS = 1000;
/** So many cells are held at once. */
const CELLS_AT_ONCE = 1_000_000;
/** Of each column so many values at most. */
const HELD_AT_ONCE = 256 * 1024;
/** Columns with lists or structures are read for a whole row group, from its start for each slice. */
const MAX_NESTED = { bytes: 64 * 1024 * 1024, values: 4 * 1024 * 1024 };
/** A value that is longer is no part of a trip. A row of that length is refused anyway. */
const MAX_TEXT = 4 * 1024 * 1024;
const PIECE_CHARACTERS = 256 * 1024;

/**
 * The table of a Parquet file as CSV. Times become ISO 8601, with `Z` if the file says that they are moments; points of
 * GeoParquet become WKT; lists and structures become JSON.
 *
 * @throws AppError unsupported_file if it cannot be read, or its footer does not fit the file; invalid_body if its points are
 * not in longitude and latitude
 */
export async function parquetTable(source: RandomAccess): Promise<Member> {
  const file = bufferOf(source);
  const metadata = await guarded(async () => checked(await footerOf(file, source), source.size));
  checkGeoParquetCrs(metadata.key_value_metadata?.find(({ key }) => key === "geo")?.value);
  return { name: "", contentType: "text/csv", open: () => tableText(source, metadata) };
}

const bufferOf = ({ size, read }: RandomAccess): AsyncBuffer => ({
  byteLength: size,
  slice: async (start, end = size) => {
    const from = start < 0 ? Math.max(0, size + start) : start;
    const bytes = await read(from, end - from);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  },
});

async function footerOf(file: AsyncBuffer, { size, read }: RandomAccess): Promise<FileMetaData> {
  const end = await read(Math.max(0, size - 8), 8);
  if (size < 12 || end.toString("latin1", 4) !== "PAR1") throw new Error("it is cut off");
  const length = end.readUInt32LE(0);
  if (length > MAX_FOOTER_BYTES || length > size - 12) throw new Error("the size of its footer is wrong");
  return parquetMetadataAsync(file, { initialFetchSize: length + 8 });
}

/** Refuses a footer that cannot be true, before anything is read by it. */
function checked(metadata: FileMetaData, size: number): FileMetaData {
  const { row_groups: groups, num_rows: rows } = metadata;
  const columns = parquetSchema(metadata).children;
  if (columns.length === 0 || columns.length > MAX_COLUMNS) throw new Error(`it has ${columns.length} columns`);
  let sum = 0n;
  for (const group of groups) {
    sum += group.num_rows;
    if (group.num_rows < 0n) throw new Error("a row group has fewer than no rows");
    for (const { meta_data: column } of group.columns) {
      if (!column) throw new Error("a column has no description");
      const start = startOf(column);
      const length = Number(column.total_compressed_size);
      if (!(start >= 4 && length >= 0 && start + length <= size)) throw new Error("a column lies outside of the file");
      const isFlat = column.path_in_schema.length === 1;
      if (isFlat && column.num_values !== group.num_rows) throw new Error("a column has another number of rows");
      if (!isFlat && (length > MAX_NESTED.bytes || Number(column.num_values) > MAX_NESTED.values)) {
        throw new Error(`the lists of ${column.path_in_schema[0]} are too many for one row group; write smaller ones`);
      }
    }
  }
  if (sum !== rows) throw new Error("the rows of its groups do not add up");
  return metadata;
}

async function* tableText(source: RandomAccess, metadata: FileMetaData): AsyncGenerator<Buffer> {
  const schema = parquetSchema(metadata);
  const columns = schema.children;
  yield Buffer.from(csvLine(columns.map(({ element }) => element.name)));
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const room = dictionaryRoom();
    const takers = await guarded(async () =>
      columns.map((column) => takerOf(source, metadata, group, column, first, room)),
    );
    const slice = Math.max(1, Math.floor(CELLS_AT_ONCE / columns.length / 4));
    for (let at = 0; at < rows; at += slice) {
      const count = Math.min(slice, rows - at);
      const taken: unknown[][] = [];
      for (const take of takers) taken.push(await guarded(() => take(count)));
      yield* textOf(count, taken, columns);
    }
    first += rows;
  }
}

/** Takes the next values of a column. */
type Take = (count: number) => Promise<unknown[]>;

function takerOf(
  source: RandomAccess,
  metadata: FileMetaData,
  group: RowGroup,
  { element, path }: SchemaTree,
  first: number,
  room: DictionaryRoom,
): Take {
  const found = group.columns.filter(({ meta_data: meta }) => meta?.path_in_schema[0] === element.name);
  if (found.length === 0) throw new Error(`a row group has no column ${element.name}`);
  const schema = parquetSchema(metadata);
  const decoders = found.map(({ meta_data: meta }) => {
    const schemaPath = getTreePath(schema, (meta as ColumnMetaData).path_in_schema);
    const leaf = schemaPath.at(-1) as SchemaTree;
    const parsers = { ...DEFAULT_PARSERS, ...parsersFor() };
    return {
      ...(meta as ColumnMetaData),
      ...{ pathInSchema: path, element: leaf.element, schemaPath, parsers, compressors },
    };
  });
  const [only] = decoders;
  if (only && isFlatColumn(only.schemaPath)) {
    const held = Math.max(1024, Math.min(HELD_AT_ONCE, Math.floor((4 * CELLS_AT_ONCE) / schema.children.length)));
    const column = new ParquetColumn(source, only, only, held, room);
    return (count) => column.take(count);
  }
  return nestedTaker(source, metadata, decoders, element.name, first);
}

/** Columns with lists or structures are few and short, so the library puts them together. */
function nestedTaker(
  source: RandomAccess,
  metadata: FileMetaData,
  decoders: readonly (ColumnMetaData & ColumnDecoder)[],
  name: string,
  first: number,
): Take {
  let [at, isChecked] = [first, false];
  return async (count) => {
    if (!isChecked) for (const decoder of decoders) await checkPages(source, decoder, decoder);
    isChecked = true;
    let rows: unknown[][] = [];
    await parquetRead({
      ...{ file: bufferOf(source), metadata, columns: [name], rowStart: at, rowEnd: at + count },
      ...{ compressors, parsers: parsersFor(), rowFormat: "array" },
      onComplete: (found: unknown[][]) => {
        rows = found;
      },
    });
    if (rows.length !== count) throw new Error("it holds fewer rows than it says");
    at += count;
    return rows.map(([value]) => value);
  };
}

function* textOf(count: number, taken: readonly unknown[][], columns: readonly SchemaTree[]): Generator<Buffer> {
  let lines = "";
  for (let row = 0; row < count; row++) {
    let length = 0;
    const cells = columns.map(({ element }, i) => {
      const text = valueText(taken[i]?.[row], element);
      length += text.length;
      if (length > MAX_TEXT) throw unreadable(new Error(`a row has more than ${MAX_TEXT} characters`));
      return text;
    });
    lines += csvLine(cells);
    if (lines.length < PIECE_CHARACTERS) continue;
    yield Buffer.from(lines);
    lines = "";
  }
  if (lines !== "") yield Buffer.from(lines);
}

async function guarded<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(error);
  }
}

const unreadable = (cause: unknown): AppError =>
  new AppError(
    "unsupported_file",
    `The body is a Parquet file that cannot be read: ${(cause as Error).message}.`,
    {},
    { cause },
  );
