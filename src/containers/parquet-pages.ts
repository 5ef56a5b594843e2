import type { DataReader, PageHeader } from "hyparquet";
import type { readPage } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";

/** What the library knows of the column that it reads. */
export type ColumnDecoder = Parameters<typeof readPage>[2];

/** A page is unpacked whole, so its size is limited. Usual pages have one megabyte. */
export const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** A megabyte of single bits. Each value takes up to 24 bytes while its page is read. */
export const MAX_PAGE_VALUES = 8 * 1024 * 1024 + 4096;

const ENCODINGS = ["PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BYTE_STREAM_SPLIT"];
const LENGTHS = ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"];

/**
 * Refuses a page that would take more memory or time than its bytes are worth: the library that reads it believes the
 * numbers in it, and a run of a few bytes can say that it has a thousand million values.
 *
 * @param packed the bytes of the page as they are in the file
 * @throws Error that says what is wrong
 */
export function checkPage(header: PageHeader, packed: Uint8Array, decoder: ColumnDecoder): void {
  const size = Number(header.uncompressed_page_size);
  if (!(size >= 0 && size <= MAX_PAGE_BYTES)) throw new Error("a page is too large");
  const { dictionary_page_header: dictionary, data_page_header: v1, data_page_header_v2: v2 } = header;
  if (header.type === "DICTIONARY_PAGE") {
    // Each value of a dictionary takes a byte at least.
    checkCount(dictionary?.num_values, size);
    return;
  }
  if (header.type === "DATA_PAGE" && v1) {
    checkCount(v1.num_values, MAX_PAGE_VALUES);
    const bytes = decompressPage(packed, size, decoder.codec, decoder.compressors);
    const at = checkLevels(bytes, decoder, v1.num_values);
    checkValues(bytes, at, String(v1.encoding), v1.num_values, decoder, true);
    return;
  }
  if (header.type !== "DATA_PAGE_V2" || !v2) throw new Error(`a page has the type ${header.type}`);
  checkCount(v2.num_values, MAX_PAGE_VALUES);
  checkCount(v2.num_rows, v2.num_values);
  checkCount(v2.num_nulls, v2.num_values);
  const [repetitions, definitions] = [v2.repetition_levels_byte_length, v2.definition_levels_byte_length];
  checkCount(repetitions, packed.length);
  checkCount(definitions, packed.length - repetitions);
  const [most, deepest] = levelsOf(decoder);
  if (most > 0) checkRuns(packed, 0, repetitions, widthOf(most), v2.num_values);
  if (deepest > 0) checkRuns(packed, repetitions, repetitions + definitions, widthOf(deepest), v2.num_values);
  const rest = packed.subarray(repetitions + definitions);
  const length = size - repetitions - definitions;
  const isPacked = v2.is_compressed !== false && length > 0;
  const bytes = isPacked ? decompressPage(rest, length, decoder.codec, decoder.compressors) : rest;
  checkValues(bytes, 0, String(v2.encoding), v2.num_values - v2.num_nulls, decoder, false);
}

function checkCount(count: number | undefined, most: number): void {
  if (count === undefined || !(count >= 0 && count <= most)) throw new Error("a page says it has too many values");
}

const widthOf = (level: number) => 32 - Math.clz32(level);

const levelsOf = ({ schemaPath }: ColumnDecoder): [number, number] => [
  getMaxRepetitionLevel(schemaPath),
  getMaxDefinitionLevel(schemaPath),
];

/** Checks the levels before the values of a page. @returns where the values begin */
function checkLevels(bytes: Uint8Array, decoder: ColumnDecoder, count: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (const level of levelsOf(decoder)) {
    if (level === 0) continue;
    const length = view.getUint32(at, true);
    checkCount(length, bytes.length - at - 4);
    checkRuns(bytes, at + 4, at + 4 + length, widthOf(level), count);
    at += 4 + length;
  }
  return at;
}

function checkValues(
  bytes: Uint8Array,
  at: number,
  encoding: string,
  count: number,
  { type, element }: ColumnDecoder,
  isV1: boolean,
): void {
  if (encoding === "DELTA_BINARY_PACKED") checkDelta(bytes, at);
  else if (LENGTHS.includes(encoding)) checkLengths(bytes, at, encoding, count);
  else if (!ENCODINGS.includes(encoding)) throw new Error(`a page has the encoding ${encoding}`);
  else if (encoding === "BYTE_STREAM_SPLIT") {
    const width = type === "FLOAT" || type === "INT32" ? 4 : (element.type_length ?? 8);
    checkCount(count * Math.max(1, width), bytes.length - at);
  } else if (encoding !== "PLAIN" && count > 0) checkNumbers(bytes, at, count, type === "BOOLEAN", isV1);
}

/** Checks the numbers of a dictionary's values, or booleans in runs. */
function checkNumbers(bytes: Uint8Array, at: number, count: number, isBoolean: boolean, isV1: boolean): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isBoolean) {
    const length = view.getUint32(at, true);
    checkCount(length, bytes.length - at - 4);
    checkRuns(bytes, at + 4, at + 4 + length, 1, count);
    return;
  }
  const width = view.getUint8(at);
  if (width > 32) throw new Error("the numbers of a dictionary have more than 32 bits");
  if (width > 0 || !isV1) checkRuns(bytes, at + 1, bytes.length, width, count);
}

/** Checks the runs of levels or numbers of a dictionary: a run has at most the values that the page has left. */
function checkRuns(bytes: Uint8Array, start: number, end: number, width: number, count: number): void {
  let at = start;
  for (let seen = 0; seen < count; ) {
    let [header, shift] = [0, 0];
    for (let byte = 0x80; byte & 0x80; shift += 7) {
      if (at >= end || shift > 28) throw new Error("a page has fewer values than it says");
      byte = bytes[at++] as number;
      header += (byte & 0x7f) * 2 ** shift;
    }
    if (header % 2 === 1) {
      const groups = (header - 1) / 2;
      // The last of eight values that are packed together may be missing.
      if (groups === 0 || (groups - 1) * 8 > count - seen + 504) throw new Error("a run is longer than its page");
      at += groups * width;
      seen += groups * 8;
    } else {
      const values = header / 2;
      if (values > count - seen) throw new Error("a run is longer than its page");
      at += Math.ceil(width / 8);
      seen += values;
    }
  }
}

function checkDelta(bytes: Uint8Array, at: number): void {
  const [block, blocks] = [number(bytes, at), number(bytes, at, 1)];
  if (!(block > 0 && blocks > 0 && block % blocks === 0 && block <= 1_000_000)) {
    throw new Error("a page has blocks of a wrong size");
  }
}

/** A number of seven bits a byte: the first at a place, or the one after it. */
function number(bytes: Uint8Array, start: number, skip = 0): number {
  let at = start;
  for (let left = skip; ; left--) {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return -1;
      value += (byte & 0x7f) * 2 ** shift;
      if (!(byte & 0x80)) break;
    }
    if (left === 0) return value;
  }
}

/** Each text may repeat the beginning of the one before it, so a few bytes can stand for very long texts. */
function checkLengths(bytes: Uint8Array, start: number, encoding: string, count: number): void {
  const reader: DataReader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: start };
  let total = 0;
  for (let part = encoding === "DELTA_BYTE_ARRAY" ? 2 : 1; part > 0 && count > 0; part--) {
    checkDelta(bytes, reader.offset);
    const lengths = new Int32Array(count);
    deltaBinaryUnpack(reader, count, lengths);
    for (const length of lengths) {
      total += length;
      if (length < 0 || total > MAX_PAGE_BYTES) throw new Error("the texts of a page are too long");
    }
  }
}
