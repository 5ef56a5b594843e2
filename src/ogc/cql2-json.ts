import type { Geometry } from "geojson";
import { shown } from "../kit/shown.ts";
import {
  COMPARISONS,
  type Comparison,
  Cql2Error,
  type Filter,
  MAX_DEPTH,
  type Scalar,
  type Shape,
  SPATIAL_OPERATORS,
  type SpatialOperator,
  TEMPORAL_OPERATORS,
  type TemporalOperator,
  type Time,
} from "./cql2.ts";
import { boundFrom, boxFrom } from "./cql2-text.ts";

/**
 * Reads a filter in CQL2 JSON.
 *
 * @throws Cql2Error that names the operator at fault
 */
export function filterFromJson(given: unknown, depth = 0): Filter {
  if (depth > MAX_DEPTH) throw new Cql2Error(`it is nested more than ${MAX_DEPTH} levels deep`);
  if (!isObject(given) || !("op" in given)) return { truth: scalar(given, depth) };
  const { op } = given;
  const args = Array.isArray(given.args) ? given.args : fail(`${shown(op)}: expected an array args`);
  const filters = () => args.map((one) => filterFromJson(one, depth + 1));
  const scalarAt = (place: number) => scalar(args[place], depth + 1);
  const take = (count: number) => {
    if (args.length !== count) fail(`${shown(op)}: expected ${count} args, but there are ${args.length}`);
  };
  switch (op) {
    case "and":
    case "or":
      if (args.length < 2) fail(`${op}: expected at least two args`);
      return op === "and" ? { and: filters() } : { or: filters() };
    case "not":
      take(1);
      return { not: filterFromJson(args[0], depth + 1) };
    case "isNull":
      take(1);
      return { isNull: scalarAt(0) };
    case "like":
      take(2);
      return { like: scalarAt(0), pattern: scalarAt(1) };
    case "between":
      take(3);
      return { between: scalarAt(0), low: scalarAt(1), high: scalarAt(2) };
    case "in": {
      take(2);
      const list = Array.isArray(args[1]) ? args[1] : fail("in: expected an array as its second argument");
      return { in: scalarAt(0), list: list.map((one) => scalar(one, depth + 1)) };
    }
    case "casei":
      return { truth: scalar(given, depth) };
  }
  take(2);
  if (isIn(COMPARISONS, op)) return { compare: op as Comparison, left: scalarAt(0), right: scalarAt(1) };
  if (isIn(SPATIAL_OPERATORS, op))
    return { spatial: op as SpatialOperator, left: shape(args[0]), right: shape(args[1]) };
  if (isIn(TEMPORAL_OPERATORS, op)) {
    return { temporal: op as TemporalOperator, left: time(args[0], depth), right: time(args[1], depth) };
  }
  return fail(`there is no operator ${shown(op)}`);
}

function scalar(given: unknown, depth: number): Scalar {
  if (depth > MAX_DEPTH) throw new Cql2Error(`it is nested more than ${MAX_DEPTH} levels deep`);
  if (typeof given === "string" || typeof given === "number" || typeof given === "boolean") return { value: given };
  if (isObject(given)) {
    if (typeof given.property === "string") return { property: given.property };
    if (typeof given.date === "string") return { date: given.date };
    if (typeof given.timestamp === "string") return { timestamp: given.timestamp };
    if (given.op === "casei" && Array.isArray(given.args) && given.args.length === 1) {
      return { casei: scalar(given.args[0], depth + 1) };
    }
  }
  return fail(`expected a property or a value, but got ${shown(given)}`);
}

function shape(given: unknown): Shape {
  if (isObject(given)) {
    if (typeof given.property === "string") return { property: given.property };
    if (typeof given.type === "string") return { geometry: given as unknown as Geometry };
    if (Array.isArray(given.bbox) && given.bbox.every((one) => typeof one === "number")) {
      return { geometry: boxFrom(given.bbox) ?? fail("bbox: expected four or six numbers") };
    }
  }
  return fail(`expected a property, a GeoJSON geometry or a bbox, but got ${shown(given)}`);
}

function time(given: unknown, depth: number): Time {
  if (isObject(given) && Array.isArray(given.interval) && given.interval.length === 2) {
    const bounds = given.interval.map((one) => (typeof one === "string" ? boundFrom(one) : scalar(one, depth + 1)));
    return { interval: bounds as [Scalar | "..", Scalar | ".."] };
  }
  return scalar(given, depth + 1);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isIn = (all: readonly string[], name: unknown) => typeof name === "string" && all.includes(name);

function fail(detail: string): never {
  throw new Cql2Error(detail);
}
