import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { AppError } from "../errors.ts";
import { csvLine } from "./csv-text.ts";
import type { Member } from "./member.ts";
import { parsersFor, valueText } from "./parquet-values.ts";
import type { RandomAccess } from "./random-access.ts";

const MAX_FOOTER_BYTES = 16 * 1024 * 1024;
const MAX_COLUMNS = 1000;
/** A page is unpacked whole, so its size is limited. Usual pages have one megabyte. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** So many cells of a row group are held at once. */
const CELLS_AT_ONCE = 1_000_000;
/** A slice of a row group is read from the group's start, so many slices take too long. */
const MAX_SLICES = 64;
/** The packed bytes of all columns of a row group are held for a slice. */
const MAX_GROUP_BYTES = 256 * 1024 * 1024;

/**
 * The table of a Parquet file as CSV. Times become ISO 8601, with `Z` if the file says that they are moments; points of
 * GeoParquet become WKT; lists and structures become JSON.
 *
 * @throws AppError unsupported_file if it cannot be read, or its footer does not fit the file
 */
export async function parquetTable(source: RandomAccess): Promise<Member> {
  const file = bufferOf(source);
  const metadata = await guarded(async () => checked(await footerOf(file, source), source.size));
  return { name: "", contentType: "text/csv", open: () => tableText(file, metadata) };
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
    let bytes = 0;
    for (const { meta_data: column } of group.columns) {
      if (!column) throw new Error("a column has no description");
      const start = Number(column.dictionary_page_offset ?? column.data_page_offset);
      const length = Number(column.total_compressed_size);
      if (!(start >= 4 && length >= 0 && start + length <= size)) throw new Error("a column lies outside of the file");
      bytes += length;
      const isFlat = column.path_in_schema.length === 1;
      if (isFlat && column.num_values !== group.num_rows) throw new Error("a column has another number of rows");
    }
    if (bytes > MAX_GROUP_BYTES) throw new Error("a row group is too large; write smaller ones");
    if (Number(group.num_rows) * columns.length > CELLS_AT_ONCE * MAX_SLICES) {
      throw new Error("a row group has too many rows; write smaller ones");
    }
  }
  if (sum !== rows) throw new Error("the rows of its groups do not add up");
  return metadata;
}

/** Compressors that refuse a page whose size is a lie, before they take memory for it. */
const careful: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([name, unpack]) => [
    name,
    (input: Uint8Array, length: number) => {
      if (length > MAX_PAGE_BYTES) throw new Error("a page is too large");
      return unpack(input, length);
    },
  ]),
);

async function* tableText(file: AsyncBuffer, metadata: FileMetaData): AsyncGenerator<Buffer> {
  const columns = parquetSchema(metadata).children;
  yield Buffer.from(csvLine(columns.map(nameOf)));
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const slice = Math.max(1, Math.min(rows, Math.floor(CELLS_AT_ONCE / columns.length)));
    for (let at = 0; at < rows; at += slice) {
      const [rowStart, rowEnd] = [first + at, first + Math.min(rows, at + slice)];
      const found = await guarded(() => rowsBetween(file, metadata, rowStart, rowEnd));
      if (found.length !== rowEnd - rowStart) throw unreadable(new Error("it holds fewer rows than it says"));
      yield* textOf(found, columns);
    }
    first += rows;
  }
}

const nameOf = ({ element }: SchemaTree) => element.name;

async function rowsBetween(
  file: AsyncBuffer,
  metadata: FileMetaData,
  rowStart: number,
  rowEnd: number,
): Promise<unknown[][]> {
  let rows: unknown[][] = [];
  await parquetRead({
    ...{ file, metadata, rowStart, rowEnd, compressors: careful, parsers: parsersFor() },
    rowFormat: "array",
    onComplete: (found: unknown[][]) => {
      rows = found;
    },
  });
  return rows;
}

const ROWS_A_PIECE = 500;

function* textOf(rows: readonly unknown[][], columns: readonly SchemaTree[]): Generator<Buffer> {
  for (let at = 0; at < rows.length; at += ROWS_A_PIECE) {
    const piece = rows.slice(at, at + ROWS_A_PIECE);
    yield Buffer.from(
      piece.map((row) => csvLine(columns.map(({ element }, i) => valueText(row[i], element)))).join(""),
    );
  }
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
