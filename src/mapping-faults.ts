import type { FieldError } from "./errors.ts";
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
import { shown } from "./point.ts";
import { isStorable } from "./storable.ts";
import { timeFormat } from "./time-format.ts";

interface Allowed {
  natural: ColumnType;
  allowed: readonly ColumnType[];
}

const IDS = { natural: "id", allowed: ["id", "text", "integer"] } as const;
const NAMES = { natural: "text", allowed: ["text", "id", "integer"] } as const;
const TIMES = { natural: "time", allowed: ["time"] } as const;
const NUMBERS = { natural: "number", allowed: ["number", "integer"] } as const;
const POINTS = { natural: "point", allowed: ["point"] } as const;
const OBJECTS = { natural: "object", allowed: ["object"] } as const;
/** Of `attributes.NAME`, and of columns that are dropped. */
const ANYTHING = { natural: "any", allowed: ["any", "text", "id", "integer", "number", "object"] } as const;

/** What a column that becomes the target may hold, and what it holds if nothing is said. */
const TYPES: Readonly<Record<string, Allowed>> = {
  ...{ trip_id: IDS, source: NAMES, region: NAMES, driver_id: IDS, rider_id: IDS, vehicle_model: IDS },
  ...{ started_at: TIMES, ended_at: TIMES, booked_at: TIMES, duration_s: NUMBERS, distance_m: NUMBERS },
  ...{ origin: POINTS, origin_lon: NUMBERS, origin_lat: NUMBERS },
  ...{ destination: POINTS, destination_lon: NUMBERS, destination_lat: NUMBERS },
  attributes: OBJECTS,
};

const typesOf = (to: string): Allowed => (Object.hasOwn(TYPES, to) ? (TYPES[to] as Allowed) : ANYTHING);

/** What a column holds whose rule does not say it. */
export const naturalType = (to: string): ColumnType => typesOf(to).natural;

/** Everything for which a mapping is refused: what it cannot mean, and that it can never make a trip. */
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
  for (const [i, format] of mapping.timeFormats.entries()) {
    const fault = timeFormatFault(format);
    const expected = "expected iso, unix, unix_ms or a pattern such as M/D/YYYY H:MM[:SS]";
    expect(fault === undefined, `time_formats.${i}`, `${expected}, but got ${shown(format)}: ${fault}`);
  }
  const zone = mapping.timeZone;
  expect(
    zone === undefined || isTimeZone(zone),
    "time_zone",
    `expected the IANA name of a time zone such as Europe/Rome, or UTC, but got ${shown(zone)}`,
  );
  return [...faults, ...wholeFaults(mapping)];
}

function ruleFaults(field: string, rule: ColumnRule): FieldError[] {
  const { to, type, form, unit } = rule;
  if (!(FIELD_TARGETS as readonly string[]).includes(to) && !["attributes", "drop"].includes(to) && !isAttribute(to)) {
    const targets = [...FIELD_TARGETS, "attributes", "attributes.NAME", "drop"].join(", ");
    return [{ field: `${field}.to`, detail: `expected one of ${targets}, but got ${shown(to)}` }];
  }
  const faults: FieldError[] = [];
  const { allowed } = typesOf(to);
  if (!allowed.includes(type)) {
    faults.push({ field: `${field}.type`, detail: `expected ${allowed.join(" or ")} for ${to}, but got ${type}` });
  }
  if (form !== undefined && type !== "point") {
    faults.push({ field: `${field}.form`, detail: "only a column that becomes origin or destination has a form" });
  }
  const units = Object.keys(UNITS[to as keyof typeof UNITS] ?? {});
  if (unit !== undefined && !units.includes(unit)) {
    const expected = units.length > 0 ? `expected one of ${units.join(", ")}` : "only durations and distances have one";
    faults.push({ field: `${field}.unit`, detail: `${expected}, but got ${shown(unit)}` });
  }
  return faults;
}

/** What no rule by itself is wrong about. */
function wholeFaults(mapping: Mapping): FieldError[] {
  const has = (target: FieldTarget) => columnsFor(mapping, target).length > 0;
  const faults: FieldError[] = [];
  for (const target of FIELD_TARGETS) {
    const [first, second] = columnsFor(mapping, target);
    if (second === undefined) continue;
    faults.push({ field: `columns.${second}`, detail: `${first} becomes ${target} already, and only one column can` });
  }
  const lacks = (what: string) => faults.push({ field: "columns", detail: `expected ${what}, but there is none` });
  if (!has("source") && mapping.constants.source === undefined) lacks("a column for source, or source in constants");
  if (!has("started_at")) lacks("a column for started_at");
  const halfOrigin = has("origin_lon") !== has("origin_lat");
  if (!has("origin") && !has("origin_lon") && !has("origin_lat")) {
    lacks("a column for origin, or two for origin_lon and origin_lat");
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

/** PostgreSQL takes short names such as CET for abbreviations, whose clocks never change, so they are no names of places. */
function isTimeZone(name: string): boolean {
  if (!/^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+){1,2})$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
