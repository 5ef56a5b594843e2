/**
 * What a query means, over the trips as they were sent, in the plainest way: nothing of the project's is used here but for
 * the tests' own geohash.
 */
import { geohash } from "../../harness/api.ts";
import type { SentTrip } from "./trips.ts";

// biome-ignore lint/suspicious/noExplicitAny: queries come in their public form, whatever is in it.
type Any = any;
type Scalar = string | number | boolean | null;
export interface NaiveAnswer {
  columns: string[];
  rows: Scalar[][];
  truncated: boolean;
  withheld: number;
}

const DAY = 86_400_000;
const dayText = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const weekday = (ms: number) => ((new Date(ms).getUTCDay() + 6) % 7) + 1;
const mondayMs = (trip: SentTrip) => {
  const ms = Date.parse(`${trip.started_at.slice(0, 10)}T00:00:00Z`);
  return ms - (weekday(ms) - 1) * DAY;
};
export const mondayText = (trip: SentTrip) => dayText(mondayMs(trip));

function isoWeek(trip: SentTrip): string {
  const thursday = mondayMs(trip) + 3 * DAY;
  const year = new Date(thursday).getUTCFullYear();
  const number = Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY)) + 1;
  return `${year}-W${String(number).padStart(2, "0")}`;
}

const attribute = (trip: SentTrip, name: string): unknown => trip.attributes?.[name] ?? null;
const textOf = (value: unknown): Scalar => (value === null || value === undefined ? null : String(value));

/** In metres, on a sphere. */
function greatCircle({ origin, destination }: SentTrip): number | null {
  if (!destination) return null;
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const [dLat, dLon] = [rad(destination[1] - origin[1]), rad(destination[0] - origin[0])];
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(rad(origin[1])) * Math.cos(rad(destination[1])) * Math.sin(dLon / 2) ** 2;
  return 2 * 6371008.771415 * Math.asin(Math.sqrt(h));
}

function column(trip: SentTrip, name: string): Scalar {
  if (name.startsWith("attributes.")) return textOf(attribute(trip, name.slice(11)));
  const at = Date.parse(`${trip.started_at}Z`);
  const all: Record<string, Scalar | undefined> = {
    ...{ week: isoWeek(trip), week_start: mondayText(trip), day: trip.started_at.slice(0, 10) },
    ...{ hour: new Date(at).getUTCHours(), weekday: weekday(at) },
    ...{ region: trip.region, source: trip.source, driver: trip.driver_id, rider: trip.rider_id },
    vehicle_model: trip.vehicle_model,
  };
  return all[name] ?? null;
}

function number(trip: SentTrip, name: string): number | null {
  if (name === "great_circle_m") return greatCircle(trip);
  if (name === "duration_s") return trip.duration_s ?? null;
  if (name === "distance_m") return trip.distance_m ?? null;
  const value = attribute(trip, name.slice(11));
  return asNumber(value);
}

const asNumber = (value: unknown) => {
  if (typeof value === "string" && /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/.test(value)) return Number(value);
  return typeof value === "number" ? value : null;
};

const cell = (trip: SentTrip, end: string, size = 7) => {
  const point = end === "origin_cell" ? trip.origin : trip.destination;
  return point ? geohash(point[0], point[1], size) : null;
};

/** One comparison; a missing value passes none. */
function passes(value: Scalar, op: string, operand: Any): boolean {
  if (op === "is_null") return (value === null) === operand;
  if (value === null) return false;
  if (op === "in") return operand.includes(value);
  if (op === "between") return value >= operand[0] && value <= operand[1];
  if (op === "=") return value === operand;
  if (op === "!=") return value !== operand;
  if (op === "<") return value < operand;
  if (op === "<=") return value <= operand;
  if (op === ">") return value > operand;
  if (op === ">=") return value >= operand;
  throw new Error(op);
}

const operations = (test: Any): [string, Any][] =>
  test === null ? [["is_null", true]] : typeof test === "object" ? Object.entries(test) : [["=", test]];

function fieldHolds(trip: SentTrip, name: string, test: Any): boolean {
  return operations(test).every(([op, operand]) => {
    if (name.endsWith("_cell")) {
      const whole = cell(trip, name);
      if (op === "is_null" || whole === null) return passes(whole, op, operand);
      if (op === "in") return operand.some((one: string) => whole.startsWith(one));
      return whole.startsWith(operand) === (op === "=");
    }
    if (["duration_s", "distance_m", "great_circle_m"].includes(name)) return passes(number(trip, name), op, operand);
    if (!name.startsWith("attributes.")) return passes(column(trip, name), op, operand);
    const value = attribute(trip, name.slice(11));
    const example = Array.isArray(operand) ? operand[0] : operand;
    if (op === "is_null") return passes(textOf(value), op, operand);
    if (typeof example === "string") return passes(textOf(value), op, operand);
    if (typeof example === "number") return passes(asNumber(value), op, operand);
    return passes(typeof value === typeof example ? (value as Scalar) : null, op, operand);
  });
}

function inRing([x, y]: [number, number], ring: [number, number][]): boolean {
  let isInside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[x1, y1], [x2, y2]] = [ring[i] as [number, number], ring[j] as [number, number]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isInside = !isInside;
  }
  return isInside;
}

function lies(point: [number, number] | undefined, { bbox, boundary, area }: Any, boundaries: Any): boolean {
  if (!point) return false;
  if (bbox) {
    const [west, south, east, north] = bbox;
    const isBetween = west < east ? point[0] > west && point[0] < east : point[0] > west || point[0] < east;
    return isBetween && point[1] > south && point[1] < north;
  }
  return inRing(point, (boundary ? boundaries[boundary] : area).coordinates[0]);
}

function holds(trip: SentTrip, where: Any, boundaries: Any): boolean {
  return Object.entries<Any>(where).every(([name, value]) => {
    if (name === "and") return value.every((one: Any) => holds(trip, one, boundaries));
    if (name === "or") return value.some((one: Any) => holds(trip, one, boundaries));
    if (name === "not") return !holds(trip, value, boundaries);
    if (name === "from") return trip.started_at.slice(0, 10) >= value;
    if (name === "to") return trip.started_at.slice(0, 10) <= value;
    if (name !== "within") return fieldHolds(trip, name, value);
    const begins = lies(trip.origin, value, boundaries);
    const ends = lies(trip.destination, value, boundaries);
    const match = value.match ?? "origin";
    return { origin: begins, destination: ends, both: begins && ends, either: begins || ends }[match as "both"];
  });
}

function percentile(sorted: number[], p: number): number | null {
  if (sorted.length === 0) return null;
  const place = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return low + (place - Math.floor(place)) * (high - low);
}

function measured(trips: SentTrip[], measure: Any, minTrips: number): number | null {
  if (measure === "trips") return trips.length;
  const [kind, name] = Object.entries<Any>(measure).find(([key]) => !["p", "as"].includes(key)) as [string, string];
  const values = trips.flatMap((trip) => number(trip, name) ?? []).sort((a, b) => a - b);
  // Of fewer trips nothing is told, however many the group has.
  const lacking = trips.length - values.length;
  if (values.length < minTrips || (lacking > 0 && lacking < minTrips)) return null;
  if (kind === "percentile") return percentile(values, measure.p);
  if (values.length === 0) return null;
  const sum = values.reduce((a, b) => a + b, 0);
  return { sum, avg: sum / values.length, min: values[0] ?? null, max: values.at(-1) ?? null }[kind as "sum"];
}

const compare = (a: Scalar, b: Scalar): number => {
  if (a === b) return 0;
  // What is missing comes last.
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
};

/** Answers a query by going through all trips. */
export function ask(query: Any, trips: readonly SentTrip[], minTrips: number, boundaries: Any): NaiveAnswer {
  const by: Any[] = query.by ?? [];
  const select: Any[] = query.select ?? ["trips"];
  const groups = new Map<string, { key: Scalar[]; trips: SentTrip[] }>();
  if (by.length === 0) groups.set("[]", { key: [], trips: [] });
  for (const trip of trips.filter((one) => holds(one, query.where ?? {}, boundaries))) {
    const key = by.map((one) => {
      if (typeof one === "string") return column(trip, one);
      if (one.column) return column(trip, one.column);
      const end = one.origin_cell ? "origin_cell" : "destination_cell";
      return cell(trip, end, one[end]);
    });
    const id = JSON.stringify(key);
    if (!groups.has(id)) groups.set(id, { key, trips: [] });
    groups.get(id)?.trips.push(trip);
  }
  const names = [...by, ...select].map((one) => {
    if (typeof one === "string") return one;
    const [kind, of] = Object.entries<Any>(one).find(([key]) => !["p", "as"].includes(key)) as [string, Any];
    if (kind === "column") return one.as ?? of;
    return one.as ?? (typeof of === "number" ? kind : `${kind === "percentile" ? `p${one.p * 100}` : kind}_${of}`);
  });
  const keys = (a: { key: Scalar[] }, b: { key: Scalar[] }) =>
    a.key.map((one, i) => compare(one, b.key[i] ?? null)).find((sign) => sign !== 0) ?? 0;
  const all = [...groups.values()];
  const small = all.filter((group) => group.trips.length > 0 && group.trips.length < minTrips);
  const hidden = new Set(small);
  const lost = small.reduce((sum, group) => sum + group.trips.length, 0);
  const others = all.filter((group) => group.trips.length >= minTrips);
  const [next] = others.sort((a, b) => a.trips.length - b.trips.length || keys(a, b));
  if (lost > 0 && lost < minTrips && next) hidden.add(next);
  const shown = all
    .filter((group) => !hidden.has(group))
    .map((group) => ({
      key: group.key,
      trips: group.trips.length,
      row: [...group.key, ...select.map((one) => measured(group.trips, one, minTrips))],
    }));
  const named = (group: (typeof shown)[number], name: string): Scalar =>
    names.includes(name) ? (group.row[names.indexOf(name)] ?? null) : group.trips;
  const passesAll = (group: (typeof shown)[number], having: Any): boolean =>
    Object.entries<Any>(having).every(([name, test]) => {
      if (name === "and") return test.every((one: Any) => passesAll(group, one));
      if (name === "or") return test.some((one: Any) => passesAll(group, one));
      if (name === "not") return !passesAll(group, test);
      return operations(test).every(([op, operand]) => passes(named(group, name), op, operand));
    });
  const kept = shown.filter((group) => passesAll(group, query.having ?? {}));
  kept.sort((a, b) => {
    for (const given of (query.order ?? []) as string[]) {
      const name = given.replace(/^-/, "");
      const [one, other] = [named(a, name), named(b, name)];
      const sign = compare(one, other);
      if (sign !== 0) return given.startsWith("-") && one !== null && other !== null ? -sign : sign;
    }
    return keys(a, b);
  });
  const limit = query.limit ?? 1000;
  const rows = kept.slice(0, limit).map(({ row }) => row);
  return { columns: names, rows, truncated: kept.length > limit, withheld: minTrips > 1 ? hidden.size : 0 };
}
