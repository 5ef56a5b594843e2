import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { parquetWriteBuffer } from "hyparquet-writer";
import { ZipFile } from "yazl";

/** A ZIP of the given files. */
export async function zipOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream as Readable);
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The parts of a workbook with one sheet. Numbers are cells of numbers, texts are shared or inline. */
export function workbookParts(rows: readonly (readonly (string | number | undefined)[])[]): Record<string, string> {
  const shared: string[] = [];
  const cell = (value: string | number | undefined, row: number, column: number): string => {
    const at = `${String.fromCharCode(65 + column)}${row}`;
    if (value === undefined || value === "") return "";
    if (typeof value === "number") return `<c r="${at}"><v>${value}</v></c>`;
    if (column % 2 === 0)
      return `<c r="${at}" t="inlineStr"><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
    shared.push(value);
    return `<c r="${at}" t="s"><v>${shared.length - 1}</v></c>`;
  };
  const lines = rows.map(
    (cells, i) => `<row r="${i + 1}">${cells.map((value, j) => cell(value, i + 1, j)).join("")}</row>`,
  );
  return {
    "[Content_Types].xml": '<?xml version="1.0"?><Types/>',
    "xl/workbook.xml": `<?xml version="1.0"?><workbook xmlns:r="r"><sheets><sheet name="Trips" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<?xml version="1.0"?><Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`,
    "xl/styles.xml": `<?xml version="1.0"?><styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>`,
    "xl/worksheets/sheet1.xml": `<?xml version="1.0"?><worksheet><sheetData>${lines.join("")}</sheetData></worksheet>`,
    "xl/sharedStrings.xml": `<?xml version="1.0"?><sst>${shared.map((text) => `<si><t xml:space="preserve">${escaped(text)}</t></si>`).join("")}</sst>`,
  };
}

export type ColumnOf = Parameters<typeof parquetWriteBuffer>[0]["columnData"][number];

/** A Parquet file of the given columns. `geo` is its metadata of that name. */
export const parquetOf = (columnData: ColumnOf[], rowGroupSize = 1000, geo?: object): Buffer =>
  Buffer.from(
    parquetWriteBuffer({
      ...{ columnData, rowGroupSize },
      ...(geo ? { kvMetadata: [{ key: "geo", value: JSON.stringify(geo) }] } : {}),
    }),
  );

/** All bytes of a stream as text. */
export async function textOf(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
