import { unsupported } from "./file-kind.ts";
import type { Member } from "./member.ts";
import { parquetTable } from "./parquet.ts";
import type { RandomAccess } from "./random-access.ts";
import { sheetOf } from "./xlsx.ts";
import { openZip, type Zip } from "./zip.ts";

export interface OpenOptions {
  /** The sheet of a workbook. Undefined: the first one. */
  sheet?: string | undefined;
}

/** Names of files in a ZIP that hold rows, and their content types. */
const TABLES: readonly [pattern: RegExp, type: string | undefined][] = [
  [/\.(csv|tsv|tab|psv)$/i, "text/csv"],
  [/\.txt$/i, undefined],
  [/\.(ndjson|jsonl|geojsonl|geojsons)$/i, "application/x-ndjson"],
  [/\.(json|geojson)$/i, undefined],
];

/**
 * The tables of a container: the files in a ZIP, a sheet of an XLSX workbook, or a Parquet file.
 *
 * @throws AppError unsupported_file if it holds none, or cannot be read
 */
export async function membersOf(
  source: RandomAccess,
  kind: "zip" | "parquet",
  options: OpenOptions = {},
): Promise<Member[]> {
  if (kind === "parquet") return [await parquetTable(source)];
  const zip = await openZip(source);
  if (zip.has("xl/workbook.xml")) return [await sheetOf(zip, options.sheet)];
  refuseDocuments(zip);
  const members = zip.entries.flatMap(({ name, open }): Member[] => {
    if (/(^|\/)(\.|__MACOSX\/)/.test(name)) return [];
    const known = TABLES.find(([pattern]) => pattern.test(name));
    return known && !/(^|\/)(readme|licen[cs]e)[^/]*$/i.test(name) ? [{ name, contentType: known[1], open }] : [];
  });
  if (members.length > 0) return members;
  const names = zip.entries.slice(0, 5).map(({ name }) => name);
  const holds = names.length === 0 ? "it is empty" : `it holds ${names.join(", ")}`;
  throw unsupported("a ZIP without a CSV, NDJSON or JSON file", `Here ${holds}.`);
}

function refuseDocuments(zip: Zip): void {
  if (zip.has("word/document.xml")) throw unsupported("a Word document", "Save its table as CSV.");
  if (zip.has("content.xml") && zip.has("mimetype")) {
    throw unsupported("an OpenDocument file", "Save it as XLSX or CSV.");
  }
}
