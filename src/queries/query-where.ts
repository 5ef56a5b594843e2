import { AppError } from "../errors.ts";
import type { Area, Match } from "../geo/area.ts";
import { areaFromValue } from "../geo/area-text.ts";
import { bboxFrom, polygonOfBox } from "../geo/bbox.ts";
import { circleFrom } from "../geo/circle.ts";
import { isStorable } from "../kit/storable.ts";
import {
  CELL_COLUMNS,
  type CellColumn,
  COMPARISONS,
  type Condition,
  type GroupCondition,
  type GroupLeaf,
  type Logic,
  type Measure,
  type Named,
  QUERY_NUMBERS,
  type QueryColumn,
  type QueryNumber,
  type Scalar,
  type Test,
  type TripField,
  type TripLeaf,
} from "./query.ts";
import { AREA_KINDS } from "./query-definition.ts";
import { pathText } from "./query-faults.ts";
import { ATTRIBUTE_PREFIX, noSuch } from "./query-names.ts";

type Body = Record<string, unknown>;
type Path = readonly PropertyKey[];

/** Reports a fault and its position. */
export type Fault = (path: Path, detail: string) => void;

/** The conditions of an object, which must all hold. */
function logicFrom<F extends object>(
  given: Body,
  path: Path,
  fault: Fault,
  leaf: (name: string, value: unknown, path: Path, given: Body) => Logic<F>[],
): Logic<F> {
  const inner = (value: unknown, ...more: PropertyKey[]) => logicFrom(value as Body, [...path, ...more], fault, leaf);
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  if (entries.length === 0) fault(path, "expected at least one condition, but there is none");
  const all = entries.flatMap(([name, value]): Logic<F>[] => {
    if (name === "and") return [{ and: (value as Body[]).map((one, i) => inner(one, name, i)) }];
    if (name === "or") return [{ or: (value as Body[]).map((one, i) => inner(one, name, i)) }];
    if (name === "not") return [{ not: inner(value, name) }];
    return leaf(name, value, [...path, name], given);
  });
  return { and: all };
}

/** Builds the condition on trips from `where`. */
export function conditionFrom(where: Body, path: Path, fault: Fault, maxVertices: number): Condition {
  return logicFrom<TripLeaf>(where, path, fault, (name, value, here, { to }) => {
    if (name === "from") {
      if (typeof to === "string" && String(value) > to) fault(here, `${value} is after to, ${to}`);
      return [{ from: String(value) }];
    }
    if (name === "to") return [{ to: String(value) }];
    if (name === "within") return [areaFrom(value as Body, here, fault, maxVertices)];
    const field = fieldOf(name);
    if (!isStorable(name)) fault(here, "expected text without control characters");
    return testsFrom(value, here, fault).map((test) => {
      if ("attribute" in field && isMixed(test)) fault(here, "expected texts, or numbers, and not both");
      if (typeof firstOf(test) === "boolean" && isOrdered(test)) fault(here, "true and false have no order");
      return { field, test };
    });
  });
}

function fieldOf(name: string): TripField {
  if (name.startsWith(ATTRIBUTE_PREFIX)) return { attribute: name.slice(ATTRIBUTE_PREFIX.length) };
  if ((CELL_COLUMNS as readonly string[]).includes(name)) return { cell: name as CellColumn };
  if ((QUERY_NUMBERS as readonly string[]).includes(name)) return { number: name as QueryNumber };
  return { column: name as QueryColumn };
}

/** The tests that an operand stands for. */
function testsFrom(value: unknown, path: Path, fault: Fault): Test[] {
  if (value === null) return [{ isNull: true }];
  if (typeof value !== "object") return [{ compare: "=", value: value as Scalar }];
  const tests = Object.entries(value).flatMap(([name, operand]): Test[] => {
    if (operand === undefined) return [];
    if (name === "in") return [{ in: operand as Scalar[] }];
    if (name === "between") return [{ between: operand as [Scalar, Scalar] }];
    if (name === "is_null") return [{ isNull: operand as boolean }];
    return [{ compare: name as (typeof COMPARISONS)[number], value: operand as Scalar }];
  });
  if (tests.length === 0) fault(path, `expected one of ${COMPARISONS.join(", ")}, in, between, is_null`);
  return tests;
}

const valuesOf = (test: Test): readonly Scalar[] =>
  "compare" in test ? [test.value] : "in" in test ? test.in : "between" in test ? test.between : [];
const firstOf = (test: Test) => valuesOf(test)[0];
const isMixed = (test: Test) => new Set(valuesOf(test).map((value) => typeof value)).size > 1;
const isOrdered = (test: Test) => "between" in test || ("compare" in test && /[<>]/.test(test.compare));

function areaFrom(given: Body, path: Path, fault: Fault, maxVertices: number): { area: Area; match: Match } {
  const [kind, second] = AREA_KINDS.filter((name) => given[name] !== undefined);
  const match = (given.match as Match | undefined) ?? "origin";
  if (kind === undefined || second !== undefined) {
    fault(path, `expected exactly one of ${AREA_KINDS.join(", ")}`);
    return { area: { kind: "polygons", polygons: [] }, match };
  }
  if (kind === "boundary") return { area: { kind, region: String(given.boundary) }, match };
  const field = pathText([...path, kind]);
  if (kind === "area") {
    const makeValid = given.make_valid as boolean | undefined;
    return { area: areaFromValue(given.area, field, { maxVertices, makeValid }), match };
  }
  try {
    const numbers = (given[kind] as number[]).join(",");
    if (kind === "circle") return { area: circleFrom(numbers), match };
    return { area: { kind: "polygons", polygons: [polygonOfBox(bboxFrom(numbers))] }, match };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // The message begins with the name of the parameter; the path replaces it.
    const detail = error.message.replace(/^\w+: /, "");
    throw new AppError(error.code, `${field}: ${detail}`, { errors: [{ field, detail }] });
  }
}

/** Builds the condition on groups from `having`. */
export function groupConditionFrom(having: Body, path: Path, measures: Named<Measure>[], fault: Fault): GroupCondition {
  const names = measures.map(({ name }) => name);
  return logicFrom<GroupLeaf>(having, path, fault, (name, value, here) => {
    const place = names.indexOf(name);
    if (place < 0 && name !== "trips") fault(here, noSuch("measure", name, [...new Set([...names, "trips"])]));
    return testsFrom(value, here, fault).map((test) => ({ measure: place < 0 ? ("trips" as const) : place, test }));
  });
}
