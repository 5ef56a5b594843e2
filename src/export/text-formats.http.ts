import { csvLines } from "../text/csv-out.ts";
import { type Column, pagesOf, type Row, shownValue, type Table } from "./table.ts";

/** The number of rows that are converted at a time, which takes a few milliseconds. */
const ROWS_A_PART = 200;

async function* partsOfRows(table: Table): AsyncGenerator<Row[]> {
  for await (const page of pagesOf(table)) {
    for (let i = 0; i < page.length; i += ROWS_A_PART) yield page.slice(i, i + ROWS_A_PART);
  }
}

/** Columns alone: their places stand in columns of degrees, where a table has such. */
export async function* csvOf(table: Table): AsyncGenerator<string> {
  yield csvLines([table.columns.map(({ name }) => name)]);
  for await (const rows of partsOfRows(table)) {
    yield csvLines(
      rows.map(({ values }) => values.map((value, i) => cell(shownValue(value, table.columns[i] as Column)))),
    );
  }
}

const cell = (value: ReturnType<typeof shownValue>) => (typeof value === "boolean" ? String(value) : value);

/** An object a line. */
export async function* ndjsonOf(table: Table): AsyncGenerator<string> {
  for await (const rows of partsOfRows(table)) yield rows.map((row) => `{${membersOf(row, table)}}\n`).join("");
}

export async function* geoJsonOf(table: Table): AsyncGenerator<string> {
  yield '{"type":"FeatureCollection","features":[';
  let isFirst = true;
  for await (const rows of partsOfRows(table)) {
    yield `${isFirst ? "" : ","}${rows.map((row) => featureOf(row, table)).join(",\n")}`;
    isFirst = false;
  }
  yield "]}\n";
}

/** RFC 8142: each feature between a record separator and a line feed. */
export async function* geoJsonSeqOf(table: Table): AsyncGenerator<string> {
  for await (const rows of partsOfRows(table)) yield rows.map((row) => `\x1e${featureOf(row, table)}\n`).join("");
}

const featureOf = (row: Row, table: Table) =>
  `{"type":"Feature","geometry":${JSON.stringify(row.geometry)},"properties":{${membersOf(row, table)}}}`;

const membersOf = ({ values }: Row, { columns }: Table) =>
  columns.map((column, i) => `${JSON.stringify(column.name)}:${jsonOf(values[i] ?? null, column)}`).join(",");

const jsonOf = (value: Row["values"][number], column: Column) =>
  column.type === "json" && typeof value === "string" ? value : JSON.stringify(shownValue(value, column));
