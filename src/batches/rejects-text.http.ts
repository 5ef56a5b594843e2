import { stringify } from "csv-stringify/sync";
import { AppError } from "../errors.ts";
import { breathe } from "../kit/event-loop.ts";
import { csvLines } from "../text/csv-out.ts";
import { cellOf, contentOf, type KeptReject, OUR_COLUMNS, ourCells, prefixBeside, type Rejects } from "./rejects.ts";

/** An incoming CSV may have 1000 columns. Four of them are ours when the rejects come back. */
const MAX_COLUMNS = 1000 - OUR_COLUMNS.length;

/**
 * The sender's own columns: the header of a CSV; for JSON all keys of the rejected records, in the order first seen.
 *
 * @throws AppError invalid_parameter if there are more keys than a CSV may have columns
 */
export async function csvColumns(rejects: Rejects): Promise<readonly string[]> {
  if (rejects.columns) return rejects.columns;
  const keys = new Set<string>();
  for await (const page of rejects.pages()) {
    for (const { record } of page) {
      await breathe();
      const content = contentOf(record, false);
      if ("record" in content) for (const key of Object.keys(content.record)) keys.add(key);
    }
    if (keys.size <= MAX_COLUMNS) continue;
    const detail = `the rejected rows have more than ${MAX_COLUMNS} different fields, too many for a CSV: ask for ndjson`;
    throw new AppError("invalid_parameter", `format: ${detail}`, { errors: [{ field: "format", detail }] });
  }
  return [...keys];
}

/**
 * The rejected rows as a CSV, some at a time. A row that is no record has its cells, or its text, after our columns.
 */
export async function* csvOf(rejects: Rejects, columns: readonly string[]): AsyncGenerator<string> {
  const prefix = prefixBeside(columns);
  const isCsv = rejects.columns !== undefined;
  yield csvLines([[...OUR_COLUMNS.map((name) => prefix + name), ...columns]]);
  for await (const page of rejects.pages()) {
    for (const rows of slicesOf(page)) {
      yield csvLines(rows.map(({ row, problems, record }) => [...ourCells(row, problems), ...senders(record)]));
    }
  }

  function senders(kept: string): readonly string[] {
    const content = contentOf(kept, isCsv);
    if ("cells" in content) return content.cells;
    if ("raw" in content) return [content.raw];
    const { record } = content;
    return columns.map((column) => (Object.hasOwn(record, column) ? cellOf(record[column]) : ""));
  }
}

/** The rejected rows as NDJSON, some at a time. A row that is no record stands as text in `raw`. */
export async function* ndjsonOf(rejects: Rejects): AsyncGenerator<string> {
  for await (const page of rejects.pages()) {
    for (const rows of slicesOf(page)) {
      yield rows.map((reject) => `${JSON.stringify(ndjsonRow(reject, rejects.columns))}\n`).join("");
    }
  }
}

/** This many characters of records are made into text at a time, which takes a few milliseconds. */
const SLICE = 64 * 1024;

function* slicesOf(page: readonly KeptReject[]): Generator<KeptReject[]> {
  let slice: KeptReject[] = [];
  let length = 0;
  for (const reject of page) {
    slice.push(reject);
    length += reject.record.length;
    if (length < SLICE && slice.length < 500) continue;
    yield slice;
    slice = [];
    length = 0;
  }
  if (slice.length > 0) yield slice;
}

function ndjsonRow({ row, problems, record }: KeptReject, columns: readonly string[] | undefined): object {
  const content = contentOf(record, columns !== undefined);
  const own = "record" in content ? content.record : { raw: "raw" in content ? content.raw : lineOf(content.cells) };
  const prefix = prefixBeside(columns ?? Object.keys(own));
  const ours = ourCells(row, problems).map((cell, i) => [prefix + OUR_COLUMNS[i], cell]);
  return { ...Object.fromEntries(ours), ...own };
}

/** The line as it was sent, without a guard: NDJSON is not for spreadsheets. */
const lineOf = (cells: string[]) => stringify([cells], { quoted_match: /[\r\n]/ }).replace(/\n$/, "");
