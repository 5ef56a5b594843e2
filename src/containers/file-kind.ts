import { constants, gunzipSync } from "node:zlib";
import { AppError } from "../errors.ts";

/** What holds rows: a text, or a container of tables. */
export type FileKind = "text" | "gzip" | "zip" | "parquet";

/** This many first bytes of a file tell its kind. */
export const KIND_BYTES = 1024;

const startsWith = (head: Uint8Array, bytes: readonly number[], at = 0) =>
  bytes.every((byte, i) => head[at + i] === byte);
const ascii = (text: string) => [...text].map((char) => char.charCodeAt(0));

/** Kinds of files that hold no rows, by their first bytes, and what to do with them. */
const OTHERS: readonly { bytes: readonly number[]; at?: number; what: string; remedy: string }[] = [
  { bytes: ascii("%PDF"), what: "a PDF document", remedy: "Export its tables as CSV." },
  { bytes: ascii("ustar"), at: 257, what: "a tar archive", remedy: "Unpack it and send its files, or send a ZIP." },
  { bytes: ascii("BZh"), what: "packed with bzip2", remedy: "Unpack it, or pack it with gzip." },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: "packed with xz", remedy: "Unpack it, or pack it with gzip." },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: "packed with zstd", remedy: "Unpack it, or pack it with gzip." },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], what: "a 7z archive", remedy: "Unpack it, or send a ZIP." },
  { bytes: ascii("Rar!"), what: "a RAR archive", remedy: "Unpack it, or send a ZIP." },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: "an old Excel or Word file", remedy: "Save it as XLSX or CSV." },
  { bytes: ascii("SQLite format 3"), what: "an SQLite database", remedy: "Export its table as CSV." },
  { bytes: [0x89, 0x50, 0x4e, 0x47], what: "a picture", remedy: "Expected a table of trips." },
  { bytes: [0xff, 0xd8, 0xff], what: "a picture", remedy: "Expected a table of trips." },
  { bytes: ascii("ARROW1"), what: "an Arrow file", remedy: "Write it as Parquet or CSV." },
  { bytes: ascii("Obj\x01"), what: "an Avro file", remedy: "Write it as Parquet or CSV." },
];

/**
 * The kind of a file by its first bytes.
 *
 * @param head at least the first `KIND_BYTES` bytes, or the whole file
 * @throws AppError unsupported_file that says what a file without rows is
 */
export function kindOf(head: Uint8Array): FileKind {
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04]) || startsWith(head, [0x50, 0x4b, 0x05, 0x06])) return "zip";
  if (startsWith(head, ascii("PAR1"))) return "parquet";
  if (startsWith(head, [0x1f, 0x8b])) {
    const inner = kindInGzip(head);
    if (inner === "gzip") throw unsupported("a gzip in a gzip", "Unpack it once.");
    return "gzip";
  }
  for (const { bytes, at, what, remedy } of OTHERS) if (startsWith(head, bytes, at)) throw unsupported(what, remedy);
  const text = Buffer.from(head.subarray(0, KIND_BYTES)).toString("latin1").replace(/^ï»¿/, "").trimStart();
  if (/^<(!doctype html|html|head|body)\b/i.test(text)) {
    throw unsupported("a web page", "It may be the page of an error or a login that was saved in place of the file.");
  }
  if (/^<\?xml|^<(kml|gpx|osm)\b/i.test(text)) throw unsupported("an XML document", "Convert it to CSV or GeoJSON.");
  if (/^--[\w'()+,./:=?-]{1,70}\r?\nContent-Disposition:/i.test(text)) throw multipart();
  return "text";
}

/**
 * The kind of what a gzip holds, as far as its first bytes can be unpacked.
 *
 * @throws AppError unsupported_file
 */
export function kindInGzip(head: Uint8Array): FileKind {
  let inner: Buffer;
  try {
    inner = gunzipSync(head.subarray(0, 64 * 1024), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 1024 * 1024,
    });
  } catch {
    // A reader of the whole file says what is wrong with it.
    return "text";
  }
  return kindOf(inner);
}

export const unsupported = (what: string, remedy: string): AppError =>
  new AppError("unsupported_file", `The body is ${what}, and not a file of trips. ${remedy}`);

/** A form of a web page that has a file in it. */
export const multipart = (): AppError =>
  unsupported(
    "a multipart form",
    "Send the file itself as the body: curl --data-binary @trips.csv …/v1/trips, or curl -T trips.csv '…/v1/imports?file=trips.csv'.",
  );
