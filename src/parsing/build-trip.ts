import type { Problem } from "../batches/receipt.ts";
import { type Point, pointOf } from "../geo/point.ts";
import type { Fault } from "../kit/parsed.ts";
import { FIELD_TARGETS, type FieldTarget, type Mapping, nameFor } from "../mappings/mapping.ts";
import { type TimeRange, within } from "../time/time.ts";
import type { SentTime } from "../time/time-parts.ts";
import type { Trip } from "../trips/trip.ts";
import { type RowState, SLOT, setAttribute } from "./read-column.ts";

export type Mapped = { trip: Trip } | { problems: [Problem, ...Problem[]] };

/**
 * The range of times other than the start. They select no partition but must be storable and plausible: real files hold
 * a `to_date` of 1970.
 */
const ANY_TIME: TimeRange = { min: "1900-01-01", max: "2199-12-31" };

export const emptyRow = (): RowState => ({
  values: new Array(FIELD_TARGETS.length).fill(undefined),
  path: undefined,
  attributes: undefined,
  attributeLength: 0,
  problems: [],
});

/** Resets the state for the next row. */
export function clear(row: RowState): void {
  row.values.fill(undefined);
  row.path = undefined;
  row.attributes = undefined;
  row.attributeLength = 0;
  // The caller keeps the problems of the previous row.
  if (row.problems.length > 0) row.problems = [];
}

/** Creates the function that builds a trip, or its problems, from a row that was read. */
export function tripMaker(
  mapping: Mapping,
  startRange: TimeRange,
  maxAttributesBytes: number,
): (row: RowState) => Mapped {
  const make = compile(mapping, startRange);
  return (row) => {
    const trip = make(row);
    const { problems } = row;
    // A character takes 6 bytes at most, as an escape.
    if (row.attributeLength * 6 > maxAttributesBytes) checkAttributes(row, maxAttributesBytes);
    return problems.length === 0 ? { trip: trip as Trip } : { problems: problems as [Problem, ...Problem[]] };
  };
}

/** Every listing of a trip returns its attributes, so they have a limit of their own. */
function checkAttributes({ attributes, problems }: RowState, maxBytes: number): void {
  const bytes = Buffer.byteLength(JSON.stringify(attributes) ?? "");
  if (bytes <= maxBytes) return;
  const detail = `at most ${maxBytes} bytes of JSON, but the attributes take ${bytes}`;
  problems.push({ field: "attributes", code: "too_large", detail });
}

/** The parts of a trip. A row without source, start or origin has problems. */
type Unfinished = Omit<Trip, "source" | "startedAt" | "origin"> & {
  source: string | undefined;
  startedAt: SentTime | undefined;
  origin: Point | undefined;
};

function compile(mapping: Mapping, startRange: TimeRange): (row: RowState) => Unfinished {
  const { constants } = mapping;
  const nameOf = namesOf(mapping);
  const attributeConstants = Object.entries(constants)
    .filter(([target]) => target.startsWith("attributes."))
    .map(([target, value]) => ({ name: target.slice("attributes.".length), value }));
  const startedAt = timeOf("started_at", nameOf, startRange);
  const endedAt = timeOf("ended_at", nameOf, ANY_TIME);
  const bookedAt = timeOf("booked_at", nameOf, ANY_TIME);
  const durationS = amountOf("duration_s", nameOf);
  const distanceM = amountOf("distance_m", nameOf);
  const origin = pointOfEnd("origin", nameOf);
  const destination = pointOfEnd("destination", nameOf);
  return (row) => {
    const values = row.values as (string | undefined)[];
    for (const { name, value } of attributeConstants) {
      if (!row.attributes || !Object.hasOwn(row.attributes, name)) setAttribute(row, name, value);
    }
    const trip: Unfinished = {
      tripId: values[SLOT.trip_id],
      source: values[SLOT.source] ?? constants.source,
      region: values[SLOT.region] ?? constants.region,
      startedAt: startedAt(row),
      origin: origin(row) ?? row.path?.origin,
      endedAt: endedAt(row),
      bookedAt: bookedAt(row),
      durationS: durationS(row),
      distanceM: distanceM(row) ?? row.path?.lengthM,
      destination: destination(row) ?? row.path?.destination,
      driverId: values[SLOT.driver_id] ?? constants.driver_id,
      riderId: values[SLOT.rider_id] ?? constants.rider_id,
      vehicleModel: values[SLOT.vehicle_model] ?? constants.vehicle_model,
      attributes: row.attributes,
    };
    if (trip.source === undefined || trip.startedAt === undefined || trip.origin === undefined) {
      reportMissing(trip, mapping, nameOf, row.problems);
    }
    return trip;
  };
}

type Names = Readonly<Record<FieldTarget, string>>;

/** The sender's name for each target. */
const namesOf = (mapping: Mapping) =>
  Object.fromEntries(FIELD_TARGETS.map((target) => [target, nameFor(mapping, target)])) as Names;

function timeOf(target: "started_at" | "ended_at" | "booked_at", nameOf: Names, range: TimeRange) {
  const slot = SLOT[target];
  // Compared as whole texts, which have a `T` after the date.
  const [min, end] = [range.min, `${range.max}~`];
  return ({ values, problems }: RowState): SentTime | undefined => {
    const time = values[slot] as SentTime | undefined;
    if (time === undefined || (time.text >= min && time.text < end)) return time;
    const parsed = within(time, range);
    if (parsed.ok) return time;
    problems.push({ field: nameOf[target], ...parsed.fault });
    return undefined;
  };
}

function amountOf(target: "duration_s" | "distance_m", nameOf: Names) {
  const slot = SLOT[target];
  return ({ values, problems }: RowState): number | undefined => {
    const value = values[slot] as number | undefined;
    if (value === undefined || value >= 0) return value;
    problems.push({ field: nameOf[target], code: "out_of_range", detail: `${value} is less than 0` });
    return undefined;
  };
}

/**
 * Reads a point from its single column or from its pair of columns. If both are given, the single column wins, and no
 * check compares them.
 */
function pointOfEnd(end: "origin" | "destination", nameOf: Names) {
  const [slot, lonSlot, latSlot] = [SLOT[end], SLOT[`${end}_lon`], SLOT[`${end}_lat`]];
  const [lonName, latName] = [nameOf[`${end}_lon`], nameOf[`${end}_lat`]];
  return ({ values, problems }: RowState): Point | undefined => {
    const whole = values[slot] as Point | undefined;
    if (whole) return whole;
    const lon = values[lonSlot] as number | undefined;
    const lat = values[latSlot] as number | undefined;
    if (lon !== undefined && lat !== undefined) {
      const point = pointOf(lon, lat);
      if (point.ok) return point.value;
      problems.push({ field: point.fault.detail.startsWith("longitude") ? lonName : latName, ...point.fault });
    } else if (lon !== undefined || lat !== undefined) {
      const [absent, given] = lon === undefined ? [lonName, latName] : [latName, lonName];
      // An unreadable coordinate has been reported already, and is not missing.
      if (!problems.some((problem) => problem.field === absent)) {
        problems.push({ field: absent, code: "missing", detail: `${given} is given, but ${absent} is not` });
      }
    }
    return undefined;
  };
}

function reportMissing(trip: Unfinished, mapping: Mapping, nameOf: Names, problems: Problem[]): void {
  const missing = (field: string, detail: string) => {
    const fault: Fault = { code: "missing", detail };
    if (!problems.some((problem) => problem.field === field)) problems.push({ field, ...fault });
  };
  if (trip.source === undefined) missing(nameOf.source, "a trip needs a source: who reports it");
  if (trip.startedAt === undefined) missing(nameOf.started_at, "a trip needs the time when it began");
  const isOrigin = (column: string) => /^(origin(_lon|_lat)?|path)$/.test(mapping.columns[column]?.to ?? "");
  const columns = Object.keys(mapping.columns).filter(isOrigin);
  if (trip.origin === undefined && !problems.some(({ field }) => columns.includes(field))) {
    missing(nameOf.origin, `a trip needs an origin, but there is nothing in ${columns.join(", ")}`);
  }
}
