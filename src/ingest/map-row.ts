import type { Mapping } from "../mapping.ts";
import type { TimeRange } from "../time.ts";
import { clear, emptyRow, type Mapped, tripMaker } from "./make-trip.ts";
import { compileColumns, type ReadColumn } from "./read-column.ts";

export type { Mapped } from "./make-trip.ts";

/**
 * Makes a mapping into a function that gives a sender's row as a trip, or every faulty field of it under the sender's own
 * names. Compile once for a batch: the function is fast, its making is not.
 */
export function compileMapping(
  mapping: Mapping,
  fromCsv: boolean,
  startRange: TimeRange,
): (record: Readonly<Record<string, unknown>>) => Mapped {
  const { known, other } = compileColumns(mapping, fromCsv);
  const row = emptyRow();
  const finish = tripMaker(mapping, startRange);
  return (record) => {
    clear(row);
    for (const column of Object.keys(record)) {
      let read = known.get(column);
      if (read === undefined) {
        if (other === undefined || known.has(column)) continue;
        // Not kept: in JSON the names of fields can be other ones in every row.
        read = other(column);
      }
      read(record[column], row);
    }
    return finish(row);
  };
}

/** The same for the rows of a CSV: cells in the order of the header, and as many. */
export function compileCells(
  mapping: Mapping,
  header: readonly string[],
  startRange: TimeRange,
): (cells: readonly string[]) => Mapped {
  const { known, other } = compileColumns(mapping, true);
  const columns: { at: number; read: ReadColumn }[] = [];
  for (const [at, name] of header.entries()) {
    const read = known.has(name) ? known.get(name) : other?.(name);
    if (read) columns.push({ at, read });
  }
  const row = emptyRow();
  const finish = tripMaker(mapping, startRange);
  return (cells) => {
    clear(row);
    for (const { at, read } of columns) read(cells[at], row);
    return finish(row);
  };
}

/** Of each mapping what was compiled last, since whoever maps row by row asks for the same thing again and again. */
const compiled = new WeakMap<Mapping, { fromCsv: boolean; range: TimeRange; map: ReturnType<typeof compileMapping> }>();

/** One row by itself; `compileMapping` is for many. */
export function mapRow(
  record: Readonly<Record<string, unknown>>,
  mapping: Mapping,
  fromCsv: boolean,
  startRange: TimeRange,
): Mapped {
  let last = compiled.get(mapping);
  if (last?.fromCsv !== fromCsv || last.range.min !== startRange.min || last.range.max !== startRange.max) {
    last = { fromCsv, range: startRange, map: compileMapping(mapping, fromCsv, startRange) };
    compiled.set(mapping, last);
  }
  return last.map(record);
}
