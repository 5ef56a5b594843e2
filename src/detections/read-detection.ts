import type { Problem } from "../batches/receipt.ts";
import { type Point, pointOf } from "../geo/point.ts";
import type { Parsed } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import type { ColumnType } from "../mappings/mapping.ts";
import { tooWide } from "../parsing/row-faults.ts";
import type { RowLimits } from "../parsing/row-limits.ts";
import { isAbsent, jsonFault, readValue, type ValueOptions } from "../parsing/value.ts";
import { type TimeRange, timeReader, within } from "../time/time.ts";
import type { SentTime } from "../time/time-parts.ts";

/** A vehicle seen, as its sender told it. */
export interface Detection {
  /** A UUID in lower case. Undefined: the sender gave none. */
  id: string | undefined;
  year: number;
  make: string;
  model: string;
  category: string;
  /** Undefined: the sender did not say when. */
  seenAt: SentTime | undefined;
  camera: string | undefined;
  location: Point | undefined;
  attributes: Record<string, unknown> | undefined;
}

export interface ReadOptions {
  fromCsv: boolean;
  limits: RowLimits;
  /** When a vehicle may have been seen. */
  range: TimeRange;
}

/** Model years run ahead of the calendar. */
const YEARS_AHEAD = 2;
const FIRST_YEAR = 1880;

/** The known members, in lower case. The case of a name does not matter. All others are attributes. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  ...{ year: "integer", make: "text", model: "text", category: "text", id: "text", seen_at: "time", camera: "text" },
  ...{ location: "point", location_lon: "number", location_lat: "number", attributes: "object" },
};
const REQUIRED = { year: "Year", make: "Make", model: "Model", category: "Category" } as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const TIMES = timeReader(["iso"]);

/** Reads a row as a detection, or finds all its faults, each under the sender's own name. */
export function readDetection(
  record: Readonly<Record<string, unknown>>,
  { fromCsv, limits, range }: ReadOptions,
): { detection: Detection } | { problems: [Problem, ...Problem[]] } {
  const names = Object.keys(record);
  if (names.length > limits.maxColumns) return { problems: [{ field: "row", ...tooWide(limits.maxColumns) }] };
  const row = createRow(record, {
    fromCsv,
    textValues: false,
    times: TIMES,
    numbers: {},
    maxNesting: limits.maxNesting,
  });
  for (const name of names) row.read(name);
  const { values, problems, nameOf } = row;
  const report = (field: string, parsed: Parsed<unknown>) => {
    if (!parsed.ok) problems.push({ field: nameOf(field), ...parsed.fault });
  };
  for (const [known, title] of Object.entries(REQUIRED)) {
    if (values[known] !== undefined || problems.some(({ field }) => field.toLowerCase() === known)) continue;
    problems.push({ field: nameOf(known, title), code: "missing", detail: `a detection needs a ${title}` });
  }
  const last = Number(range.max.slice(0, 4)) + YEARS_AHEAD - 1;
  const { year } = values as { year?: number };
  if (year !== undefined && (year < FIRST_YEAR || year > last)) {
    const detail = `${year} is not within ${FIRST_YEAR}..${last}`;
    problems.push({ field: nameOf("year"), code: "out_of_range", detail });
  }
  const id = values.id as string | undefined;
  if (id !== undefined && !UUID.test(id)) {
    problems.push({ field: nameOf("id"), code: "invalid_text", detail: `expected a UUID, but got ${shown(id)}` });
  }
  const seenAt = values.seen_at as SentTime | undefined;
  if (seenAt !== undefined) report("seen_at", within(seenAt, range));
  const location = (values.location as Point | undefined) ?? row.pair();
  const attributes = row.attributes(limits.maxAttributesBytes);
  const [first, ...others] = problems;
  if (first) return { problems: [first, ...others] };
  const { make, model, category, camera } = values as Record<string, string>;
  const known = { year, make, model, category } as Pick<Detection, "year" | "make" | "model" | "category">;
  return { detection: { ...known, id: id?.toLowerCase(), seenAt, camera, location, attributes } };
}

/** The state of reading one row. */
function createRow(record: Readonly<Record<string, unknown>>, options: ValueOptions) {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  const sentNames = new Map<string, string>();
  const others: Record<string, unknown> = Object.create(null);
  const nameOf = (known: string, otherwise = known) => sentNames.get(known) ?? otherwise;
  const add = (field: string, parsed: Parsed<unknown>) => {
    if (!parsed.ok) problems.push({ field, ...parsed.fault });
    return parsed.ok ? parsed.value : undefined;
  };
  return {
    values,
    problems,
    nameOf,
    read: (name: string) => {
      const value = record[name];
      if (isAbsent(value, options.fromCsv)) return;
      const known = name.toLowerCase();
      const type = Object.hasOwn(TYPES, known) ? TYPES[known] : undefined;
      if (type === undefined) {
        const fault = jsonFault({ [name]: value }, options.maxNesting);
        const field = name.toWellFormed().replaceAll("\0", "");
        if (fault) problems.push({ field, code: "invalid_text", detail: fault });
        else others[name] = value;
        return;
      }
      const before = sentNames.get(known);
      if (before !== undefined) {
        problems.push({ field: name, code: "invalid_row", detail: `${before} is given too; expected one of them` });
        return;
      }
      sentNames.set(known, name);
      values[known] = add(name, readValue(value, { to: "drop", type }, options));
    },
    /** The location from its two columns. */
    pair: (): Point | undefined => {
      const { location_lon: lon, location_lat: lat } = values as Record<string, number | undefined>;
      if (lon !== undefined && lat !== undefined) {
        const point = pointOf(lon, lat);
        const at = !point.ok && point.fault.detail.startsWith("longitude") ? "location_lon" : "location_lat";
        return add(nameOf(at), point) as Point | undefined;
      }
      const [given, absent] = sentNames.has("location_lon")
        ? ["location_lon", "location_lat"]
        : ["location_lat", "location_lon"];
      if (sentNames.has(given as string) && !sentNames.has(absent as string)) {
        const detail = `${nameOf(given as string)} is given, but ${absent} is not`;
        problems.push({ field: absent as string, code: "missing", detail });
      }
      return undefined;
    },
    attributes: (maxBytes: number): Record<string, unknown> | undefined => {
      const all = { ...others, ...(values.attributes as object | undefined) };
      if (Object.keys(all).length === 0) return undefined;
      const bytes = Buffer.byteLength(JSON.stringify(all));
      if (bytes <= maxBytes) return all;
      const detail = `at most ${maxBytes} bytes of JSON, but the attributes take ${bytes}`;
      problems.push({ field: "attributes", code: "too_large", detail });
      return undefined;
    },
  };
}

/** Whether a text looks like a dictionary that Python printed instead of JSON. */
export const hasPythonQuotes = (text: string): boolean => /^\s*\{\s*'/.test(text);
