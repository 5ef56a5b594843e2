import type { PageHeader } from "hyparquet";
import { describe, expect, it } from "vitest";
import { membersOf } from "../../src/containers/container.ts";
import { type ColumnDecoder, checkPage, MAX_PAGE_BYTES } from "../../src/containers/parquet-pages.ts";
import { fromBuffer } from "../../src/containers/random-access.ts";
import { parquetOf, textOf } from "./write-containers.ts";

/** A column of texts that may be missing, without compression. */
const decoder = {
  type: "BYTE_ARRAY",
  codec: "UNCOMPRESSED",
  element: { name: "a", type: "BYTE_ARRAY" },
  schemaPath: [{ element: { name: "root" } }, { element: { name: "a", repetition_type: "OPTIONAL" } }],
} as unknown as ColumnDecoder;

const pageOf = (encoding: string, num_values: number, bytes: number[]) => {
  const header = { type: "DATA_PAGE", compressed_page_size: bytes.length, uncompressed_page_size: bytes.length };
  const data_page_header = { num_values, encoding, definition_level_encoding: "RLE", repetition_level_encoding: "RLE" };
  return [{ ...header, data_page_header } as unknown as PageHeader, Uint8Array.from(bytes)] as const;
};
const check = (...args: Parameters<typeof pageOf>) => {
  const [header, bytes] = pageOf(...args);
  checkPage(header, bytes, decoder);
};

/** Levels: one run of as many values that are there. */
const there = (count: number) => [2, 0, 0, 0, count << 1, 1];
/** The header of a run of 2^30 equal values. */
const ENDLESS = [0x80, 0x80, 0x80, 0x80, 0x08];

describe("a page of a Parquet file", () => {
  it.each<[string, Parameters<typeof pageOf>]>([
    ["has a dictionary's numbers in runs", ["RLE_DICTIONARY", 8, [...there(8), 1, 16, 1]]],
    ["has them packed, the last ones missing", ["RLE_DICTIONARY", 5, [...there(5), 1, 3, 0b10101]]],
    ["has plain values", ["PLAIN", 1, [...there(1), 1, 0, 0, 0, 65]]],
    ["has texts by their lengths", ["DELTA_LENGTH_BYTE_ARRAY", 1, [...there(1), 128, 1, 4, 1, 2, 65]]],
  ])("is read if it %s", (_, args) => {
    expect(() => check(...args)).not.toThrow();
  });

  it.each<[string, Parameters<typeof pageOf>, RegExp]>([
    ["a run of levels of 2^30 values", ["PLAIN", 8, [6, 0, 0, 0, ...ENDLESS, 1]], /run is longer than its page/],
    ["a run of numbers of 2^30 values", ["RLE_DICTIONARY", 8, [...there(8), 1, ...ENDLESS, 1]], /run is longer/],
    [
      "packed numbers without end",
      ["RLE_DICTIONARY", 8, [...there(8), 1, 0xff, 0xff, 0xff, 0xff, 0x0f]],
      /run is longer/,
    ],
    ["2^31 values", ["PLAIN", 2 ** 31, there(8)], /too many values/],
    ["levels beyond its end", ["PLAIN", 8, [0xff, 0xff, 0xff, 0x7f, 2, 1]], /too many values/],
    ["fewer values than it says", ["RLE_DICTIONARY", 8, [...there(8), 1, 4, 1]], /fewer values/],
    ["blocks of nothing", ["DELTA_BINARY_PACKED", 8, [...there(8), 0, 0, 8, 0]], /blocks of a wrong size/],
    [
      "texts that each repeat 64 MB of the one before",
      [
        "DELTA_BYTE_ARRAY",
        2,
        [...there(2), 128, 1, 1, 2, ...[0x80, 0x80, 0x80, 0x80, 0x01], ...[0, 0], ...[128, 1, 1, 2, 0, 0, 0]],
      ],
      /texts of a page are too long/,
    ],
    ["an encoding that is not known", ["ALP", 8, there(8)], /encoding ALP/],
  ])("is refused if it has %s", (_, args, message) => {
    expect(() => check(...args)).toThrow(message);
  });

  it("is refused if it says that it unpacks to more than a page may have", () => {
    const [header, bytes] = pageOf("PLAIN", 1, there(1));
    const large = { ...header, uncompressed_page_size: MAX_PAGE_BYTES + 1 };
    expect(() => checkPage(large, bytes, decoder)).toThrow(/too large/);
  });

  it("may have more values than are held at once", async () => {
    const rows = 600_000;
    const data = Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? "a" : "b"));
    const file = parquetOf([{ name: "x", data }], rows);
    const [member] = await membersOf(fromBuffer(file), "parquet");
    const text = await textOf((member as { open: () => AsyncIterable<Buffer> }).open());
    expect(text).toBe(`x\n${data.join("\n")}\n`);
  });
});
