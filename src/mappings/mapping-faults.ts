import type { FieldError } from "../errors.ts";
import { CELL_FORMS } from "../geo/cell-point.ts";
import { PATH_FORMS } from "../geo/path.ts";
import { POINT_FORMS } from "../geo/point.ts";
import { shown } from "../kit/shown.ts";
import { isStorable } from "../kit/storable.ts";
import { timeFormat } from "../time/time-format.ts";
import { isTimeZone, ZONE_EXPECTED } from "../time/time-zone.ts";
import {
  CONSTANT_TARGETS,
  type ColumnRule,
  type ColumnType,
  columnsFor,
  FIELD_TARGETS,
  type FieldTarget,
  type Mapping,
  UNITS,
} from "./mapping.ts";

interface Allowed {
  natural: ColumnType;
  allowed: readonly ColumnType[];
}

const IDS = { natural: "id", allowed: ["id", "text", "integer"] } as const;
const NAMES = { natural: "text", allowed: ["text", "id", "integer"] } as const;
const TIMES = { natural: "time", allowed: ["time"] } as const;
const NUMBERS = { natural: "number", allowed: ["number", "integer"] } as const;
const PATHS = { natural: "path", allowed: ["path"] } as const;
const POINTS = { natural: "point", allowed: ["point"] } as const;
const OBJECTS = { natural: "object", allowed: ["object"] } as const;
/** The types for `attributes.NAME` and for dropped columns. */
const ANYTHING = { natural: "any", allowed: ["any", "text", "id", "integer", "number", "object"] } as const;

/** By target: the types that its column may hold, and its default type. */
const TYPES: Readonly<Record<string, Allowed>> = {
  ...{ trip_id: IDS, source: NAMES, region: NAMES, driver_id: IDS, rider_id: IDS, vehicle_model: IDS },
  ...{ started_at: TIMES, ended_at: TIMES, booked_at: TIMES, duration_s: NUMBERS, distance_m: NUMBERS },
  ...{ origin: POINTS, origin_lon: NUMBERS, origin_lat: NUMBERS },
  ...{ destination: POINTS, destination_lon: NUMBERS, destination_lat: NUMBERS },
  attributes: OBJECTS,
  path: PATHS,
};

const typesOf = (to: string): Allowed => (Object.hasOwn(TYPES, to) ? (TYPES[to] as Allowed) : ANYTHING);

/** The type of a column if its rule does not give one. */
export const naturalType = (to: string): ColumnType => typesOf(to).natural;

/** All faults for which a mapping is refused: parts without a meaning, and columns that can never make a trip. */
export function faultsOf(mapping: Mapping): FieldError[] {
  const faults: FieldError[] = [];
  const expect = (holds: boolean, field: string, detail: string) => {
    if (!holds) faults.push({ field, detail });
  };
  for (const [column, rule] of Object.entries(mapping.columns)) {
    expect(isStorable(column), `columns.${column.toWellFormed()}`, "a column's name has no control characters");
    faults.push(...ruleFaults(`columns.${column}`, rule));
  }
  for (const [target, value = ""] of Object.entries(mapping.constants)) {
    const known = (CONSTANT_TARGETS as readonly string[]).includes(target) || isAttribute(target);
    const targets = [...CONSTANT_TARGETS, "attributes.NAME"].join(", ");
    expect(known, `constants.${target}`, `expected one of ${targets}, but got ${shown(target)}`);
    const isName = isStorable(value) && value.trim() !== "" && value !== "." && value !== "..";
    expect(isName, `constants.${target}`, `expected text that can be a name, but got ${shown(value)}`);
  }
  faults.push(...fallbackFaults(mapping), ...readingFaults(mapping));
  for (const [i, format] of mapping.timeFormats.entries()) {
    const fault = timeFormatFault(format);
    const expected =
      "expected iso, unix, unix_ms, unix_us, unix_ns, dotnet, excel or a pattern such as M/D/YYYY H:MM[:SS]";
    expect(fault === undefined, `time_formats.${i}`, `${expected}, but got ${shown(format)}: ${fault}`);
  }
  const zone = mapping.timeZone;
  expect(zone === undefined || isTimeZone(zone), "time_zone", `${ZONE_EXPECTED}, but got ${shown(zone)}`);
  return [...faults, ...wholeFaults(mapping)];
}

/**
 * The fault of a time zone that changes nothing. It is no fault of a stored mapping: earlier versions took it, and what a
 * mapping is read for, such as the rest of a batch, does not depend on it.
 */
export function zoneFaults({ timeZone, timeFormats }: Mapping): FieldError[] {
  if (timeZone === undefined || timeFormats.some((name) => timeFormat(name).isLocal)) return [];
  const detail =
    "it changes nothing: these time formats say a moment by themselves. Leave it out; local times follow the time zone of the place, or of the region that a trip names";
  return [{ field: "time_zone", detail }];
}

function ruleFaults(field: string, rule: ColumnRule): FieldError[] {
  const { to, type, form, unit } = rule;
  const others = ["path", "attributes", "drop"];
  if (!(FIELD_TARGETS as readonly string[]).includes(to) && !others.includes(to) && !isAttribute(to)) {
    const targets = [...FIELD_TARGETS, "path", "attributes", "attributes.NAME", "drop"].join(", ");
    return [{ field: `${field}.to`, detail: `expected one of ${targets}, but got ${shown(to)}` }];
  }
  const faults: FieldError[] = [];
  const { allowed } = typesOf(to);
  if (!allowed.includes(type)) {
    faults.push({ field: `${field}.type`, detail: `expected ${allowed.join(" or ")} for ${to}, but got ${type}` });
  }
  const forms: readonly string[] =
    type === "point" ? [...POINT_FORMS, ...CELL_FORMS] : type === "path" ? PATH_FORMS : [];
  if (form !== undefined && !forms.includes(form)) {
    const expected = `expected one of ${forms.join(", ")}`;
    const detail = forms.length > 0 ? expected : "only a column that becomes origin, destination or path has a form";
    faults.push({ field: `${field}.form`, detail });
  }
  if (rule.lookup !== undefined && type !== "point") {
    faults.push({ field: `${field}.lookup`, detail: "only a column that becomes origin or destination has a lookup" });
  }
  const units = Object.keys(UNITS[to as keyof typeof UNITS] ?? {});
  if (unit !== undefined && !units.includes(unit)) {
    const expected = units.length > 0 ? `expected one of ${units.join(", ")}` : "only durations and distances have one";
    faults.push({ field: `${field}.unit`, detail: `${expected}, but got ${shown(unit)}` });
  }
  return faults;
}

function fallbackFaults({ fallbacks = {} }: Mapping): FieldError[] {
  return Object.entries(fallbacks).flatMap(([target, list]) => {
    const field = `fallbacks.${target}`;
    if (!(FIELD_TARGETS as readonly string[]).includes(target)) {
      return [{ field, detail: `expected one of ${FIELD_TARGETS.join(", ")}, but got ${shown(target)}` }];
    }
    const wrong = list.findIndex((one) => !isStorable(typeof one === "string" ? one : one.constant));
    return wrong < 0 ? [] : [{ field: `${field}.${wrong}`, detail: "expected text without control characters" }];
  });
}

/** The faults of what says how a text is read. */
function readingFaults({ rows, numbers, header, columns }: Mapping): FieldError[] {
  const faults: FieldError[] = [];
  if (rows !== undefined && !/^[^.[\]\s][^.[\]]*(\.[^.[\]]+)*(\[\*\])?$/.test(rows)) {
    faults.push({ field: "rows", detail: `expected a path of names such as data.trips[*], but got ${shown(rows)}` });
  }
  if (numbers?.decimal !== undefined && numbers.decimal === numbers.thousands) {
    faults.push({ field: "thousands", detail: `expected another mark than decimal, but both are ${numbers.decimal}` });
  }
  if (header === false) {
    for (const column of Object.keys(columns)) {
      if (/^[1-9]\d*$/.test(column)) continue;
      faults.push({ field: `columns.${column}`, detail: "a CSV without a header has columns 1, 2 and so on" });
    }
  }
  return faults;
}

/** The faults of the mapping as a whole, which no single rule has. */
function wholeFaults(mapping: Mapping): FieldError[] {
  const has = (target: FieldTarget | "path") =>
    columnsFor(mapping, target).length > 0 || (target !== "path" && mapping.fallbacks?.[target] !== undefined);
  const faults: FieldError[] = [];
  for (const target of FIELD_TARGETS) {
    const [first, second] = columnsFor(mapping, target);
    if (second === undefined) continue;
    faults.push({ field: `columns.${second}`, detail: `${first} becomes ${target} already, and only one column can` });
  }
  const lacks = (what: string) => faults.push({ field: "columns", detail: `expected ${what}, but there is none` });
  if (!has("source") && mapping.constants.source === undefined && !mapping.asksSource)
    lacks("a column for source, or source in constants");
  if (!has("started_at")) lacks("a column for started_at");
  const halfOrigin = has("origin_lon") !== has("origin_lat");
  if (!has("origin") && !has("path") && !has("origin_lon") && !has("origin_lat")) {
    lacks("a column for origin or path, or two for origin_lon and origin_lat");
  } else if (halfOrigin) lacks(`a column for ${has("origin_lon") ? "origin_lat" : "origin_lon"}`);
  if (has("destination_lon") !== has("destination_lat")) {
    lacks(`a column for ${has("destination_lon") ? "destination_lat" : "destination_lon"}`);
  }
  return faults;
}

const isAttribute = (target: string) =>
  target.startsWith("attributes.") && target.length > "attributes.".length && isStorable(target);

function timeFormatFault(format: string): string | undefined {
  try {
    timeFormat(format);
    return undefined;
  } catch (error) {
    return (error as RangeError).message;
  }
}
