import { stringify } from "csv-stringify/sync";
import type { QueryAnswer, Value } from "../query.ts";

export const QUERY_FORMATS = ["json", "csv", "ndjson"] as const;
export type QueryFormat = (typeof QUERY_FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<QueryFormat, string>> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
};

/** Rows that are made into text at a time. */
const ROWS_A_PART = 1000;

/** An answer as text, part by part. */
export function textOf(answer: QueryAnswer, format: QueryFormat): Generator<string> {
  return { json: jsonOf, csv: csvOf, ndjson: ndjsonOf }[format](answer);
}

/** What a CSV and NDJSON, which are rows and nothing else, say in headers. */
export function headersOf(answer: QueryAnswer): Record<string, string> {
  return {
    "Tripgrid-Source": answer.source,
    "Tripgrid-Data-As-Of": answer.data_as_of,
    "Tripgrid-Truncated": String(answer.truncated),
    ...(answer.retired_before ? { "Tripgrid-Retired-Before": answer.retired_before } : {}),
    ...(answer.withheld ? { "Tripgrid-Withheld-Groups": String(answer.withheld.groups) } : {}),
  };
}

function* jsonOf(answer: QueryAnswer): Generator<string> {
  const { rows, isText: _, columns, ...about } = answer;
  yield `{"columns":${JSON.stringify(columns)},"rows":[`;
  let isFirst = true;
  for (const part of partsOf(rows)) {
    yield `${isFirst ? "" : ","}${part.map((row) => JSON.stringify(objectOf(columns, row))).join(",")}`;
    isFirst = false;
  }
  yield `],${JSON.stringify(about).slice(1)}`;
}

function* ndjsonOf({ columns, rows }: QueryAnswer): Generator<string> {
  for (const part of partsOf(rows)) {
    yield part.map((row) => `${JSON.stringify(objectOf(columns, row))}\n`).join("");
  }
}

function* csvOf({ columns, isText, rows }: QueryAnswer): Generator<string> {
  // Whoever reads a CSV may take a carriage return by itself for the end of a line, so it is quoted as well.
  const lines = (all: readonly (readonly Value[])[]) => stringify(all as Value[][], { quoted_match: /[\r\n]/ });
  yield lines([columns.map(plain)]);
  for (const part of partsOf(rows)) {
    yield lines(part.map((row) => row.map((value, i) => (isText[i] ? plain(value) : value))));
  }
}

/**
 * A text that a spreadsheet does not take for a formula: what senders wrote, such as the name of a region, must not be
 * run by those who load it. An apostrophe before it says that it is text. Numbers stay as they are.
 */
const plain = (value: Value): Value =>
  typeof value === "string" && /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;

const objectOf = (columns: readonly string[], row: readonly Value[]) =>
  Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]));

function* partsOf<T>(rows: readonly T[]): Generator<T[]> {
  for (let i = 0; i < rows.length; i += ROWS_A_PART) yield rows.slice(i, i + ROWS_A_PART);
}
