import type { Problem } from "../batch.ts";
import { FIELD_TARGETS, type FieldTarget, type Mapping, nameFor } from "../mapping.ts";
import { type Fault, type Point, pointOf } from "../point.ts";
import { type SentTime, type TimeRange, within } from "../time.ts";
import type { Trip } from "../trip.ts";
import { type RowState, SLOT, setAttribute } from "./read-column.ts";

export type Mapped = { trip: Trip } | { problems: [Problem, ...Problem[]] };

/** Other times than the start make no partition, but must be storable and plausible: real files hold a `to_date` of 1970. */
const ANY_TIME: TimeRange = { min: "1900-01-01", max: "2199-12-31" };

export const emptyRow = (): RowState => ({
  values: new Array(FIELD_TARGETS.length).fill(undefined),
  attributes: undefined,
  problems: [],
});

/** Makes ready for the next row what was used for the one before. */
export function clear(row: RowState): void {
  row.values.fill(undefined);
  row.attributes = undefined;
  // The problems of the row before belong to whoever asked for it.
  if (row.problems.length > 0) row.problems = [];
}

/** Makes the function that makes a trip of what was read of a row, or its problems. */
export function tripMaker(mapping: Mapping, startRange: TimeRange): (row: RowState) => Mapped {
  const make = compile(mapping, startRange);
  return (row) => {
    const trip = make(row);
    const { problems } = row;
    return problems.length === 0 ? { trip: trip as Trip } : { problems: problems as [Problem, ...Problem[]] };
  };
}

/** What a trip consists of; without these three it has problems. */
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
      origin: origin(row),
      endedAt: endedAt(row),
      bookedAt: bookedAt(row),
      durationS: durationS(row),
      distanceM: distanceM(row),
      destination: destination(row),
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

/** What the sender calls each target. */
const namesOf = (mapping: Mapping) =>
  Object.fromEntries(FIELD_TARGETS.map((target) => [target, nameFor(mapping, target)])) as Names;

function timeOf(target: "started_at" | "ended_at" | "booked_at", nameOf: Names, range: TimeRange) {
  const slot = SLOT[target];
  // As whole texts, which have a `T` after their date.
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

/** A point from its one column or from its two; both at once must agree with nobody, so the one column wins. */
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
  const isOrigin = (column: string) => /^origin(_lon|_lat)?$/.test(mapping.columns[column]?.to ?? "");
  const columns = Object.keys(mapping.columns).filter(isOrigin);
  if (trip.origin === undefined && !problems.some(({ field }) => columns.includes(field))) {
    missing(nameOf.origin, `a trip needs an origin, but there is nothing in ${columns.join(", ")}`);
  }
}
