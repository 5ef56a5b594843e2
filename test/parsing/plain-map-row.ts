import type { Problem } from "../../src/batches/receipt.ts";
import { type Point, pointOf } from "../../src/geo/point.ts";
import type { Fault, Parsed } from "../../src/kit/parsed.ts";
import type { ColumnRule, Mapping, Target } from "../../src/mappings/mapping.ts";
import type { Mapped } from "../../src/parsing/map-row.ts";
import { isAbsent, jsonFault, readValue } from "../../src/parsing/value.ts";
import { type TimeRange, timeReader, within } from "../../src/time/time.ts";
import type { SentTime } from "../../src/time/time-parts.ts";
import type { Trip } from "../../src/trips/trip.ts";

/** Other times than the start make no partition, but must be storable and plausible: real files hold a `to_date` of 1970. */
const ANY_TIME: TimeRange = { min: "1900-01-01", max: "2199-12-31" };

/**
 * What a row becomes, as `map-row.ts` once did it: read anew for every row, by maps and lists. Slow and plain, and what
 * the compiled functions are held against. It knows neither units nor values that stand for none.
 */
export function plainMapRow(
  record: Readonly<Record<string, unknown>>,
  mapping: Mapping,
  fromCsv: boolean,
  startRange: TimeRange,
): Mapped {
  const problems: Problem[] = [];
  const report = (field: string, fault: Fault) => problems.push({ field, ...fault });
  const { values, columnOf, attributes } = readColumns(record, mapping, fromCsv, report);

  const time = (target: Target, range: TimeRange) =>
    checked(values.get(target) as SentTime | undefined, (t) => within(t, range), columnOf(target), report);
  const amount = (target: Target) =>
    checked(values.get(target) as number | undefined, notNegative, columnOf(target), report);
  const point = (end: "origin" | "destination") => readPoint(end, values, columnOf, problems, report);

  const startedAt = time("started_at", startRange);
  const origin = point("origin");
  const source = (values.get("source") ?? mapping.constants.source) as string | undefined;
  const text = (target: Target) => (values.has(target) ? String(values.get(target)) : undefined);
  const trip = {
    tripId: text("trip_id"),
    region: text("region") ?? mapping.constants.region,
    endedAt: time("ended_at", ANY_TIME),
    bookedAt: time("booked_at", ANY_TIME),
    durationS: amount("duration_s"),
    distanceM: amount("distance_m"),
    destination: point("destination"),
    driverId: text("driver_id"),
    riderId: text("rider_id"),
    vehicleModel: text("vehicle_model"),
    attributes: attributes.length > 0 ? Object.fromEntries(attributes) : undefined,
  };
  const missing = (target: Target, detail: string) => {
    const field = columnOf(target);
    if (!problems.some((problem) => problem.field === field)) report(field, { code: "missing", detail });
  };
  if (source === undefined) missing("source", "a trip needs a source: who reports it");
  if (startedAt === undefined) missing("started_at", "a trip needs the time when it began");
  if (origin === undefined && !problems.some((p) => isPointColumn(mapping, p.field, "origin"))) {
    report(columnOf("origin"), {
      code: "missing",
      detail: `a trip needs an origin, but there is nothing in ${originColumns(mapping)}`,
    });
  }
  const [first, ...rest] = problems;
  if (first) return { problems: [first, ...rest] };
  return { trip: { ...trip, source, startedAt, origin } as Trip };
}

function readColumns(
  record: Readonly<Record<string, unknown>>,
  mapping: Mapping,
  fromCsv: boolean,
  report: (field: string, fault: Fault) => void,
) {
  const values = new Map<Target, unknown>();
  const columns = new Map<Target, string>();
  // Entries rather than an object: a sender may name a column `__proto__`.
  const attributes: [string, unknown][] = [];
  for (const [column, raw] of Object.entries(record)) {
    const rule: ColumnRule | undefined = Object.hasOwn(mapping.columns, column) ? mapping.columns[column] : undefined;
    if (isAbsent(raw, fromCsv) || rule?.to === "drop") continue;
    if (!rule) {
      if (mapping.otherColumns === "drop") continue;
      const fault = jsonFault({ [column]: raw });
      if (fault) report(column.toWellFormed().replaceAll("\0", ""), { code: "invalid_text", detail: fault });
      else attributes.push([column, raw]);
      continue;
    }
    const parsed = readValue(raw, rule, {
      ...{ fromCsv, textValues: false, numbers: {}, maxNesting: 32 },
      times: timeReader(mapping.timeFormats),
    });
    if (!parsed.ok) report(column, parsed.fault);
    else if (rule.to === "attributes") attributes.push(...Object.entries(parsed.value as object));
    else if (rule.to.startsWith("attributes.")) attributes.push([rule.to.slice("attributes.".length), parsed.value]);
    else {
      values.set(rule.to, parsed.value);
      columns.set(rule.to, column);
    }
  }
  const columnOf = (target: Target) =>
    columns.get(target) ?? Object.entries(mapping.columns).find(([, rule]) => rule.to === target)?.[0] ?? target;
  return { values, columnOf, attributes };
}

function checked<T>(
  value: T | undefined,
  check: (value: T) => Parsed<T>,
  field: string,
  report: (field: string, fault: Fault) => void,
): T | undefined {
  if (value === undefined) return undefined;
  const parsed = check(value);
  if (parsed.ok) return parsed.value;
  report(field, parsed.fault);
  return undefined;
}

const notNegative = (value: number): Parsed<number> =>
  value >= 0 ? { ok: true, value } : { ok: false, fault: { code: "out_of_range", detail: `${value} is less than 0` } };

/** A point from its one column or from its two; both at once must agree with nobody, so the one column wins. */
function readPoint(
  end: "origin" | "destination",
  values: ReadonlyMap<Target, unknown>,
  columnOf: (target: Target) => string,
  problems: readonly Problem[],
  report: (field: string, fault: Fault) => void,
): Point | undefined {
  const whole = values.get(end) as Point | undefined;
  if (whole) return whole;
  const [lonColumn, latColumn] = [columnOf(`${end}_lon`), columnOf(`${end}_lat`)];
  const lon = values.get(`${end}_lon`) as number | undefined;
  const lat = values.get(`${end}_lat`) as number | undefined;
  if (lon !== undefined && lat !== undefined) {
    const point = pointOf(lon, lat);
    if (point.ok) return point.value;
    report(point.fault.detail.startsWith("longitude") ? lonColumn : latColumn, point.fault);
  } else if (lon !== undefined || lat !== undefined) {
    const [absent, given] = lon === undefined ? [lonColumn, latColumn] : [latColumn, lonColumn];
    // An unreadable coordinate has been reported already, and is not missing.
    if (!problems.some((problem) => problem.field === absent)) {
      report(absent, { code: "missing", detail: `${given} is given, but ${absent} is not` });
    }
  }
  return undefined;
}

const isPointColumn = (mapping: Mapping, field: string, end: string) =>
  Object.hasOwn(mapping.columns, field) && (mapping.columns[field]?.to.split("_")[0] ?? "") === end;

function originColumns(mapping: Mapping): string {
  const columns = Object.keys(mapping.columns).filter((column) => isPointColumn(mapping, column, "origin"));
  return columns.join(", ");
}
