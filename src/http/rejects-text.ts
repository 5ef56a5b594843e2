import { stringify } from "csv-stringify/sync";
import { AppError } from "../errors.ts";
import { cellOf, contentOf, type KeptReject, OUR_COLUMNS, ourCells, prefixBeside, type Rejects } from "../rejects.ts";

/** A CSV that comes in may have 1000 columns, of which four are ours when it comes back. */
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
      const content = contentOf(record, false);
      if ("record" in content) for (const key of Object.keys(content.record)) keys.add(key);
    }
    if (keys.size <= MAX_COLUMNS) continue;
    const detail = `the rejected rows have more than ${MAX_COLUMNS} different fields, too many for a CSV: ask for ndjson`;
    throw new AppError("invalid_parameter", `format: ${detail}`, { errors: [{ field: "format", detail }] });
  }
  return [...keys];
}

/** The rejected rows as a CSV, page by page. A row that is no record has its cells, or its text, behind our columns. */
export async function* csvOf(rejects: Rejects, columns: readonly string[]): AsyncGenerator<string> {
  const prefix = prefixBeside(columns);
  const isCsv = rejects.columns !== undefined;
  yield csvLines([[...OUR_COLUMNS.map((name) => prefix + name), ...columns]]);
  for await (const page of rejects.pages()) {
    yield csvLines(page.map(({ row, problems, record }) => [...ourCells(row, problems), ...senders(record)]));
  }

  function senders(kept: string): readonly string[] {
    const content = contentOf(kept, isCsv);
    if ("cells" in content) return content.cells;
    if ("raw" in content) return [content.raw];
    const { record } = content;
    return columns.map((column) => (Object.hasOwn(record, column) ? cellOf(record[column]) : ""));
  }
}

/** Whoever reads a CSV may take a carriage return by itself for the end of a line, so it is quoted as well. */
const csvLines = (rows: (readonly (string | number)[])[]) => stringify(rows, { quoted_match: /[\r\n]/ });

/** The rejected rows as NDJSON, page by page. A row that is no record stands as text in `raw`. */
export async function* ndjsonOf(rejects: Rejects): AsyncGenerator<string> {
  for await (const page of rejects.pages()) {
    yield page.map((reject) => `${JSON.stringify(ndjsonRow(reject, rejects.columns))}\n`).join("");
  }
}

function ndjsonRow({ row, problems, record }: KeptReject, columns: readonly string[] | undefined): object {
  const content = contentOf(record, columns !== undefined);
  const own = "record" in content ? content.record : { raw: "raw" in content ? content.raw : lineOf(content.cells) };
  const prefix = prefixBeside(columns ?? Object.keys(own));
  const ours = ourCells(row, problems).map((cell, i) => [prefix + OUR_COLUMNS[i], cell]);
  return { ...Object.fromEntries(ours), ...own };
}

const lineOf = (cells: string[]) => csvLines([cells]).replace(/\n$/, "");
