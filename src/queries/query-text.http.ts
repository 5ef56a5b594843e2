import type { Pages } from "../kit/pages.ts";
import { noteRows } from "../kit/request-record.ts";
import { csvLines } from "../text/csv-out.ts";
import type { QueryAnswer, Value } from "./query.ts";

export const QUERY_FORMATS = ["json", "csv", "ndjson"] as const;
export type QueryFormat = (typeof QUERY_FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<QueryFormat, string>> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
};

/** The number of rows that are converted to text at a time, which takes a few milliseconds. */
const ROWS_A_PART = 100;

/** An answer as text, part by part. */
export function textOf(answer: QueryAnswer, format: QueryFormat): AsyncGenerator<string> {
  return { json: jsonOf, csv: csvOf, ndjson: ndjsonOf }[format](answer);
}

/** The headers of a CSV or NDJSON answer, whose body has rows and nothing else. */
export function headersOf(answer: QueryAnswer): Record<string, string> {
  return {
    "Tripgrid-Source": answer.source,
    "Tripgrid-Data-As-Of": answer.data_as_of,
    "Tripgrid-Truncated": String(answer.truncated),
    ...(answer.retired_before ? { "Tripgrid-Retired-Before": answer.retired_before } : {}),
    ...(answer.withheld ? { "Tripgrid-Withheld-Groups": String(answer.withheld.groups) } : {}),
  };
}

async function* jsonOf({ pages, holdsSession: _, columns, ...about }: QueryAnswer): AsyncGenerator<string> {
  yield `{"columns":${JSON.stringify(columns)},"rows":[`;
  let isFirst = true;
  for await (const part of partsOf(pages)) {
    yield `${isFirst ? "" : ","}${part.map((row) => JSON.stringify(objectOf(columns, row))).join(",")}`;
    isFirst = false;
  }
  yield `],${JSON.stringify(about).slice(1)}`;
}

async function* ndjsonOf({ columns, pages }: QueryAnswer): AsyncGenerator<string> {
  for await (const part of partsOf(pages)) {
    yield part.map((row) => `${JSON.stringify(objectOf(columns, row))}\n`).join("");
  }
}

async function* csvOf({ columns, pages }: QueryAnswer): AsyncGenerator<string> {
  yield csvLines([columns]);
  for await (const part of partsOf(pages)) yield csvLines(part);
}

const objectOf = (columns: readonly string[], row: readonly Value[]) =>
  Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]));

async function* partsOf(pages: Pages<Value[][]>): AsyncGenerator<Value[][]> {
  try {
    for (let page = await pages.next(); page; page = await pages.next()) {
      noteRows(page.length);
      for (let i = 0; i < page.length; i += ROWS_A_PART) yield page.slice(i, i + ROWS_A_PART);
    }
  } finally {
    await pages.end();
  }
}
