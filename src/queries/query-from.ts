import { z } from "zod";
import type { FieldError } from "../errors.ts";
import { checkVertices, MAX_VERTICES } from "../geo/area.ts";
import { schemaFaults } from "../kit/schema-faults.ts";
import { sizeFault } from "../kit/size-fault.ts";
import {
  AGGREGATES,
  CELL_COLUMNS,
  type Condition,
  DEFAULT_LIMIT,
  type Dimension,
  type GroupLeaf,
  leavesOf,
  MAX_AREAS,
  MAX_TESTS,
  type Measure,
  type Named,
  type NumberField,
  type Order,
  type Query,
  type QueryColumn,
  type QueryNumber,
  type TripLeaf,
} from "./query.ts";
import { QueryDefinition } from "./query-definition.ts";
import { pathText, QUERY_WORDS, refusal, unknownFields } from "./query-faults.ts";
import { ATTRIBUTE_PREFIX, noSuch } from "./query-names.ts";
import { conditionFrom, groupConditionFrom } from "./query-where.ts";

/** Size limits of a query. A recursive schema goes as deep as its input, and reads all of it. */
const MOST = { values: 10_000, depth: 40 };

type Body = Record<string, unknown>;
type Path = readonly PropertyKey[];

/**
 * Builds a query from its public form, `QueryDefinition`.
 *
 * @throws AppError invalid_body with every fault, each with its path and, for a misspelt name, the probable one;
 *   invalid_area for an invalid area, or if all areas together have more than `maxVertices` vertices
 */
export function queryFrom(body: unknown, maxVertices = MAX_VERTICES): Query {
  const tooMuch = sizeFault(body, MOST);
  if (tooMuch) throw refusal([tooMuch]);
  const misspelt = typeof body === "object" && body !== null ? unknownFields((body as Body).where) : [];
  const parsed = QueryDefinition.safeParse(body, { reportInput: true });
  if (!parsed.success || misspelt.length > 0) {
    const found = parsed.success ? [] : schemaFaults(parsed.error.issues, QUERY_WORDS);
    const others = found.filter(({ field }) => !misspelt.some((one) => isWithin(field, one.field)));
    throw refusal([...misspelt, ...others]);
  }
  const faults: FieldError[] = [];
  const { select = ["trips"], by = [], where, having, order = [], limit = DEFAULT_LIMIT } = parsed.data;
  const fault = (path: Path, detail: string) => void faults.push({ field: pathText(path), detail });
  const measures = select.map((one, i) => measureFrom(one, (detail) => fault(["select", i], detail)));
  const dimensions = by.map((one, i) => dimensionFrom(one, (detail) => fault(["by", i], detail)));
  const columns = [...dimensions.map(({ name }) => name), ...measures.map(({ name }) => name)];
  for (const [i, name] of columns.entries()) {
    const path = i < by.length ? ["by", i] : ["select", i - by.length];
    if (columns.indexOf(name) < i)
      fault(path, `another column is called ${name} already; give this one a name with as`);
  }
  const query: Query = {
    select: measures,
    by: dimensions,
    where: where === undefined ? { and: [] } : conditionFrom(where, ["where"], fault, maxVertices),
    having: having === undefined ? { and: [] } : groupConditionFrom(having, ["having"], measures, fault),
    order: order.map((name, i) => orderFrom(name, dimensions, measures, (detail) => fault(["order", i], detail))),
    limit,
  };
  checkNumbers(query.where, fault);
  if (leavesOf<GroupLeaf>(query.having).length > MAX_TESTS) fault(["having"], `expected at most ${MAX_TESTS} tests`);
  if (faults.length > 0) throw refusal(faults);
  checkAreas(query.where, maxVertices);
  return query;
}

function checkNumbers(where: Condition, fault: (path: Path, detail: string) => void): void {
  const tests = leavesOf<TripLeaf>(where);
  const areas = tests.filter((one) => "area" in one).length;
  if (tests.length > MAX_TESTS) fault(["where"], `expected at most ${MAX_TESTS} tests, but there are ${tests.length}`);
  if (areas > MAX_AREAS) fault(["where"], `expected at most ${MAX_AREAS} areas, but there are ${areas}`);
}

function checkAreas(where: Condition, maxVertices: number): void {
  const areas = leavesOf<TripLeaf>(where).flatMap((one) => ("area" in one ? [{ path: "where", area: one.area }] : []));
  checkVertices(areas, maxVertices);
}

/**
 * Builds a condition from a `where` that stands outside a query.
 *
 * @param names the fields that it may test
 * @throws as `queryFrom`
 */
export function whereFrom(
  body: unknown,
  schema: z.ZodType<Record<string, unknown>>,
  names: readonly string[],
  maxVertices = MAX_VERTICES,
): Condition {
  const tooMuch = sizeFault(body, MOST);
  if (tooMuch) throw refusal([{ ...tooMuch, field: pathText(["where"]) }]);
  const misspelt = unknownFields(body, ["where"], names);
  const parsed = z.object({ where: schema }).safeParse({ where: body }, { reportInput: true });
  if (!parsed.success || misspelt.length > 0) {
    const found = parsed.success ? [] : schemaFaults(parsed.error.issues, QUERY_WORDS);
    throw refusal([...misspelt, ...found.filter(({ field }) => !misspelt.some((one) => isWithin(field, one.field)))]);
  }
  const faults: FieldError[] = [];
  const fault = (path: Path, detail: string) => void faults.push({ field: pathText(path), detail });
  const where = conditionFrom(parsed.data.where, ["where"], fault, maxVertices);
  checkNumbers(where, fault);
  if (faults.length > 0) throw refusal(faults);
  checkAreas(where, maxVertices);
  return where;
}

const isWithin = (field: string, outer: string) =>
  field === outer || (/^[.[]/.test(field.slice(outer.length)) && field.startsWith(outer));

const columnOf = (name: string): { column: QueryColumn } | { attribute: string } =>
  name.startsWith(ATTRIBUTE_PREFIX)
    ? { attribute: name.slice(ATTRIBUTE_PREFIX.length) }
    : { column: name as QueryColumn };

const numberOf = (name: string): NumberField =>
  name.startsWith(ATTRIBUTE_PREFIX)
    ? { attribute: name.slice(ATTRIBUTE_PREFIX.length) }
    : { number: name as QueryNumber };

function measureFrom(given: "trips" | Body, fault: (detail: string) => void): Named<Measure> {
  if (given === "trips") return { name: "trips", is: "trips" };
  const kinds = [...AGGREGATES, "percentile" as const].filter((name) => given[name] !== undefined);
  const [kind = "sum"] = kinds;
  if (kinds.length !== 1) fault(`expected exactly one of ${AGGREGATES.join(", ")}, percentile`);
  if ((kind === "percentile") !== (given.p !== undefined)) {
    fault(kind === "percentile" ? "a percentile has a p, such as 0.5 for the median" : "only a percentile has a p");
  }
  const of = String(given[kind]);
  const p = Number(given.p ?? 0);
  const label = kind === "percentile" ? `p${Number((p * 100).toFixed(6))}` : kind;
  const is = kind === "percentile" ? { percentile: p, of: numberOf(of) } : { aggregate: kind, of: numberOf(of) };
  return { name: (given.as as string | undefined) ?? `${label}_${of}`, is };
}

function dimensionFrom(given: string | Body, fault: (detail: string) => void): Named<Dimension> {
  if (typeof given === "string") return { name: given, is: columnOf(given) };
  const kinds = (["column", ...CELL_COLUMNS] as const).filter((name) => given[name] !== undefined);
  const [kind = "column"] = kinds;
  if (kinds.length !== 1) fault(`expected exactly one of column, ${CELL_COLUMNS.join(", ")}`);
  const as = given.as as string | undefined;
  if (kind !== "column") return { name: as ?? kind, is: { cell: kind, precision: Number(given[kind]) } };
  const column = String(given.column);
  return { name: as ?? column, is: columnOf(column) };
}

function orderFrom(
  given: string,
  dimensions: Named<Dimension>[],
  measures: Named<Measure>[],
  fault: (detail: string) => void,
): Order {
  const descending = given.startsWith("-");
  const name = descending ? given.slice(1) : given;
  const by = dimensions.findIndex((one) => one.name === name);
  const select = measures.findIndex((one) => one.name === name);
  if (by >= 0) return { column: { by }, descending };
  if (select >= 0) return { column: { select }, descending };
  const names = [...dimensions, ...measures].map((one) => one.name);
  if (name !== "trips") fault(noSuch("column", given, [...new Set([...names, "trips"])]));
  return { column: "trips", descending };
}
