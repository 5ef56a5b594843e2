import type { Mapping } from "../mappings/mapping.ts";
import type { TimeRange } from "../time/time.ts";
import { clear, emptyRow, type Mapped, tripMaker } from "./build-trip.ts";
import { compileReach, type Reach, valueAtPath } from "./reach.ts";
import { compileColumns, type ReadColumn, type RowsAbout } from "./read-column.ts";
import { tooWide } from "./row-faults.ts";
import { ROW_LIMITS, type RowLimits } from "./row-limits.ts";

export type { Mapped } from "./build-trip.ts";

/** How a file writes numbers, and the lookups that its mapping names. */
export type MapAbout = Pick<RowsAbout, "numbers" | "lookups">;

/**
 * Compiles a mapping into a function. The function maps a sender's row to a trip, or to every faulty field under the
 * sender's own name. Compile once per batch: the function is fast, the compilation is not.
 */
export function compileMapping(
  mapping: Mapping,
  fromCsv: boolean,
  startRange: TimeRange,
  limits: RowLimits = ROW_LIMITS,
  about: MapAbout = {},
): (record: Readonly<Record<string, unknown>>) => Mapped {
  const readers = compileColumns(mapping, { ...about, fromCsv, maxNesting: limits.maxNesting });
  const { known, other } = readers;
  const reach = compileReach<Readonly<Record<string, unknown>>>(mapping, readers, valueAtPath, !fromCsv);
  const row = emptyRow();
  const finish = tripMaker(mapping, startRange, limits.maxAttributesBytes);
  return (record) => {
    clear(row);
    const columns = Object.keys(record);
    if (columns.length > limits.maxColumns) return { problems: [{ field: "row", ...tooWide(limits.maxColumns) }] };
    for (const column of columns) {
      if (reach && (reach.taken.has(column) || (reach.roots.has(column) && !known.has(column)))) continue;
      let read = known.get(column);
      if (read === undefined) {
        if (other === undefined || known.has(column)) continue;
        // Not kept, because the field names of JSON can differ in every row.
        read = other(column);
      }
      read(record[column], row);
    }
    reach?.read(record, row);
    return finish(row);
  };
}

/** Does the same for the rows of a CSV. The cells have the order and the number of the header. */
export function compileCells(
  mapping: Mapping,
  header: readonly string[],
  startRange: TimeRange,
  limits: RowLimits = ROW_LIMITS,
  about: MapAbout = {},
): (cells: readonly string[]) => Mapped {
  const readers = compileColumns(mapping, { ...about, fromCsv: true, maxNesting: limits.maxNesting });
  const { known, other } = readers;
  const reach: Reach<readonly string[]> | undefined = compileReach(mapping, readers, cellOf(header), false);
  const columns: { at: number; read: ReadColumn }[] = [];
  for (const [at, name] of header.entries()) {
    if (reach?.taken.has(name)) continue;
    const read = known.has(name) ? known.get(name) : other?.(name);
    if (read) columns.push({ at, read });
  }
  const row = emptyRow();
  const finish = tripMaker(mapping, startRange, limits.maxAttributesBytes);
  return (cells) => {
    clear(row);
    for (const { at, read } of columns) read(cells[at], row);
    reach?.read(cells, row);
    return finish(row);
  };
}

const cellOf = (header: readonly string[]) => (column: string) => {
  const at = header.indexOf(column);
  return at < 0 ? undefined : (cells: readonly string[]) => cells[at];
};

/** The last compiled function of each mapping. Callers that map row by row ask for the same one repeatedly. */
const compiled = new WeakMap<
  Mapping,
  { fromCsv: boolean; range: TimeRange; limits: RowLimits; about: MapAbout; map: ReturnType<typeof compileMapping> }
>();

const NOTHING_KNOWN: MapAbout = {};

/** Maps a single row. `compileMapping` is for many rows. */
export function mapRow(
  record: Readonly<Record<string, unknown>>,
  mapping: Mapping,
  fromCsv: boolean,
  startRange: TimeRange,
  limits: RowLimits = ROW_LIMITS,
  about: MapAbout = NOTHING_KNOWN,
): Mapped {
  let last = compiled.get(mapping);
  const isSame = last?.fromCsv === fromCsv && last.range.min === startRange.min && last.range.max === startRange.max;
  if (!last || !isSame || last.limits !== limits || last.about !== about) {
    const map = compileMapping(mapping, fromCsv, startRange, limits, about);
    last = { fromCsv, range: startRange, limits, about, map };
    compiled.set(mapping, last);
  }
  return last.map(record);
}
