import { ByteWriter, type ParquetWriter } from "hyparquet-writer";
import { writeColumn } from "hyparquet-writer/src/column.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { writeRleBitPackedHybrid } from "hyparquet-writer/src/encoding.js";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import { STATISTICS_BYTES } from "./parquet-footer.ts";
import type { Value } from "./table.ts";

type SchemaElement = ParquetWriter["schema"][number];
export type Chunk = ParquetWriter["row_groups"][number]["columns"][number];

/** The values of a column in a group as their bytes, without those that are null. */
export interface PlainValues {
  bytes: Uint8Array;
  /** For each row 1, or 0 if its value is null. */
  levels: Uint8Array;
  nulls: number;
  /** Undefined: there is no number. */
  range: { least: number; greatest: number } | undefined;
}

/** Numbers as DOUBLE or INT64: eight bytes each. */
export function plainNumbers(values: readonly (number | null)[], type: "DOUBLE" | "INT64"): PlainValues {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  const levels = new Uint8Array(values.length);
  let [at, least, greatest] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? null;
    if (value === null) continue;
    levels[i] = 1;
    if (type === "DOUBLE") view.setFloat64(at, value, true);
    else setInteger(view, at, Math.round(value));
    at += 8;
    // A value that is no number is neither.
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const range = least <= greatest ? { least, greatest } : undefined;
  return { bytes: new Uint8Array(view.buffer, 0, at), levels, nulls: values.length - at / 8, range };
}

/** Eight bytes of a whole number, without a BigInt, which would be an object for each value. */
function setInteger(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  view.setUint32(at, value - high * 2 ** 32, true);
  view.setInt32(at + 4, high, true);
}

/** Points as well-known binary, each after its length. */
export function plainPoints(lons: readonly number[], lats: readonly number[]): PlainValues {
  const view = new DataView(new ArrayBuffer(POINT_BYTES * lons.length));
  for (let i = 0, at = 0; i < lons.length; i++, at += POINT_BYTES) {
    view.setUint32(at, POINT_BYTES - 4, true);
    view.setUint8(at + 4, 1);
    view.setUint32(at + 5, 1, true);
    view.setFloat64(at + 9, lons[i] as number, true);
    view.setFloat64(at + 17, lats[i] as number, true);
  }
  const levels = new Uint8Array(lons.length).fill(1);
  return { bytes: new Uint8Array(view.buffer), levels, nulls: 0, range: undefined };
}
const POINT_BYTES = 25;

/** Pieces of bytes, each after its length. */
export function plainBytes(values: readonly (Uint8Array | null)[]): PlainValues {
  const writer = new ByteWriter();
  for (const value of values) {
    if (!value) continue;
    writer.appendUint32(value.length);
    writer.appendBytes(value);
  }
  const levels = Uint8Array.from(values, (value) => (value ? 1 : 0));
  const nulls = levels.reduce((sum, level) => sum - level, levels.length);
  return { bytes: writer.getBytes(), levels, nulls, range: undefined };
}

/**
 * Writes a column whose values are bytes already, in one page. They are not compressed: Snappy looks for pieces that
 * come again, which coordinates and instants hardly have.
 *
 * @param path the names from the column down to the one that holds the values
 */
export function writePlainChunk(
  writer: ByteWriter,
  { bytes, levels, nulls, range }: PlainValues,
  { type }: Pick<SchemaElement, "type">,
  path: readonly string[],
): Chunk {
  const head = new ByteWriter();
  writeRleBitPackedHybrid(head, levels, 1);
  const start = writer.offset;
  const size = head.offset + bytes.length;
  writePageHeader(writer, {
    ...{ type: "DATA_PAGE_V2", uncompressed_page_size: size, compressed_page_size: size },
    data_page_header_v2: {
      ...{ num_values: levels.length, num_nulls: nulls, num_rows: levels.length, encoding: "PLAIN" },
      ...{ definition_levels_byte_length: head.offset, repetition_levels_byte_length: 0, is_compressed: false },
    },
  });
  writer.appendBytes(head.getBytes());
  writer.appendBytes(bytes);
  const total = BigInt(writer.offset - start);
  // The least of two zeros is the negative one.
  const shown = (n: number, zero: number) => (type === "INT64" ? BigInt(Math.round(n)) : n === 0 ? zero : n);
  const bounds = range && { min_value: shown(range.least, -0), max_value: shown(range.greatest, 0) };
  return {
    file_offset: BigInt(start),
    meta_data: {
      ...{ type: type ?? "BYTE_ARRAY", encodings: ["PLAIN"], path_in_schema: [...path], codec: "UNCOMPRESSED" },
      ...{ num_values: BigInt(levels.length), data_page_offset: BigInt(start) },
      ...{ total_compressed_size: total, total_uncompressed_size: total },
      ...(range || nulls > 0 ? { statistics: { ...bounds, null_count: BigInt(nulls) } } : {}),
    },
  };
}

/** Writes a column of texts, booleans or numbers that repeat: as a dictionary where that is shorter. */
export function writeValues(
  parquet: ParquetWriter,
  element: SchemaElement,
  values: readonly (Value | bigint)[],
  stats: boolean,
): Chunk {
  const column = {
    ...{ columnName: element.name, element, schemaPath: [parquet.schema[0] as SchemaElement, element] },
    ...{
      codec: "SNAPPY" as const,
      compressors: { SNAPPY: snappyCompress },
      stats,
      statisticsTruncateLength: STATISTICS_BYTES,
    },
    ...{ pageSize: PAGE_BYTES, columnIndex: false, offsetIndex: false },
  };
  const definitionLevels = values.map((value) => (value === null ? 0 : 1));
  const pageData = { values: values as unknown[], definitionLevels, repetitionLevels: [], maxDefinitionLevel: 1 };
  return writeColumn({ writer: parquet.writer, column, pageData }).chunk;
}
const PAGE_BYTES = 1024 * 1024;

/** Whether at least half of some values of a column are different. Then a dictionary is no shorter. */
export function areDifferent(values: readonly unknown[]): boolean {
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  const some = new Set<unknown>();
  let looked = 0;
  for (let i = 0; i < values.length; i += step, looked++) some.add(values[i]);
  return 2 * some.size > looked;
}
const SAMPLE = 256;
