import type { Geometry, Position } from "geojson";
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
import { Tokens } from "./tokens.ts";
import { geometryFromWkt, isWktType } from "./wkt.ts";

/**
 * Reads a filter in CQL2 text.
 *
 * @throws Cql2Error that says what was expected, and at which character
 */
export function filterFromText(text: string): Filter {
  const tokens = new Tokens(text);
  const filter = orExpression(tokens, 0);
  tokens.end();
  return filter;
}

function orExpression(tokens: Tokens, depth: number): Filter {
  if (depth > MAX_DEPTH) throw new Cql2Error(`it is nested more than ${MAX_DEPTH} levels deep`);
  const or = [andExpression(tokens, depth)];
  while (tokens.takeWord("or")) or.push(andExpression(tokens, depth));
  return or.length === 1 ? (or[0] as Filter) : { or };
}

function andExpression(tokens: Tokens, depth: number): Filter {
  const and = [notExpression(tokens, depth)];
  while (tokens.takeWord("and")) and.push(notExpression(tokens, depth));
  return and.length === 1 ? (and[0] as Filter) : { and };
}

function notExpression(tokens: Tokens, depth: number): Filter {
  if (tokens.takeWord("not")) {
    if (depth > MAX_DEPTH) throw new Cql2Error(`it is nested more than ${MAX_DEPTH} levels deep`);
    return { not: notExpression(tokens, depth + 1) };
  }
  if (tokens.take("(")) {
    const inner = orExpression(tokens, depth + 1);
    tokens.expect(")");
    return inner;
  }
  return predicate(tokens);
}

function predicate(tokens: Tokens): Filter {
  const name = tokens.functionName();
  if (isIn(SPATIAL_OPERATORS, name)) return spatial(tokens, name);
  if (isIn(TEMPORAL_OPERATORS, name)) return temporal(tokens, name);
  const left = scalar(tokens, 0);
  for (const compare of COMPARISONS) {
    if (tokens.take(compare)) return { compare: compare as Comparison, left, right: scalar(tokens, 0) };
  }
  if (tokens.takeWord("is")) {
    const isNot = tokens.takeWord("not");
    tokens.expectWord("null");
    return isNot ? { not: { isNull: left } } : { isNull: left };
  }
  const isNot = tokens.takeWord("not");
  const test = wordPredicate(tokens, left);
  if (test) return isNot ? { not: test } : test;
  if (isNot) tokens.fail("expected LIKE, BETWEEN or IN");
  return { truth: left };
}

function wordPredicate(tokens: Tokens, left: Scalar): Filter | undefined {
  if (tokens.takeWord("like")) return { like: left, pattern: scalar(tokens, 0) };
  if (tokens.takeWord("between")) {
    const low = scalar(tokens, 0);
    tokens.expectWord("and");
    return { between: left, low, high: scalar(tokens, 0) };
  }
  if (tokens.takeWord("in")) {
    tokens.expect("(");
    const list = [scalar(tokens, 0)];
    while (tokens.take(",")) list.push(scalar(tokens, 0));
    tokens.expect(")");
    return { in: left, list };
  }
  return undefined;
}

function scalar(tokens: Tokens, depth: number): Scalar {
  const text = tokens.takeText();
  if (text !== undefined) return { value: text };
  const number = tokens.takeNumber();
  if (number !== undefined) return { value: number };
  if (tokens.takeWord("true")) return { value: true };
  if (tokens.takeWord("false")) return { value: false };
  switch (tokens.functionName()) {
    case "date":
      return { date: argument(tokens) };
    case "timestamp":
      return { timestamp: argument(tokens) };
    case "casei": {
      if (depth > MAX_DEPTH) throw new Cql2Error(`it is nested more than ${MAX_DEPTH} levels deep`);
      tokens.skipName();
      tokens.expect("(");
      const casei = scalar(tokens, depth + 1);
      tokens.expect(")");
      return { casei };
    }
    case undefined:
      return { property: tokens.name() };
    default:
      return tokens.fail(`there is no function ${tokens.functionName()} here`);
  }
}

/** The only argument of a function, a text. */
function argument(tokens: Tokens): string {
  tokens.skipName();
  tokens.expect("(");
  const text = tokens.takeText() ?? tokens.fail("expected a text in single quotes");
  tokens.expect(")");
  return text;
}

function spatial(tokens: Tokens, operator: SpatialOperator): Filter {
  tokens.skipName();
  tokens.expect("(");
  const left = shape(tokens);
  tokens.expect(",");
  const right = shape(tokens);
  tokens.expect(")");
  return { spatial: operator, left, right };
}

function shape(tokens: Tokens): Shape {
  if (tokens.functionName() === "bbox") return { geometry: box(tokens) };
  if (isWktType(tokens.peekName())) return { geometry: geometryFromWkt(tokens) };
  return { property: tokens.name() };
}

function box(tokens: Tokens): Geometry {
  tokens.skipName();
  tokens.expect("(");
  const numbers = [tokens.number()];
  while (tokens.take(",")) numbers.push(tokens.number());
  tokens.expect(")");
  return boxFrom(numbers) ?? tokens.fail("expected four or six numbers in BBOX");
}

/** The polygon of a box of four numbers, or of six with heights, which do not count. */
export function boxFrom(numbers: readonly number[]): Geometry | undefined {
  const [west, south, east, north] = numbers.length === 6 ? [0, 1, 3, 4].map((i) => numbers[i]) : numbers;
  if (![4, 6].includes(numbers.length)) return undefined;
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ] as Position[];
  return { type: "Polygon", coordinates: [corners] };
}

function temporal(tokens: Tokens, operator: TemporalOperator): Filter {
  tokens.skipName();
  tokens.expect("(");
  const left = time(tokens);
  tokens.expect(",");
  const right = time(tokens);
  tokens.expect(")");
  return { temporal: operator, left, right };
}

function time(tokens: Tokens): Time {
  if (tokens.functionName() !== "interval") return scalar(tokens, 0);
  tokens.skipName();
  tokens.expect("(");
  const from = bound(tokens);
  tokens.expect(",");
  const to = bound(tokens);
  tokens.expect(")");
  return { interval: [from, to] };
}

function bound(tokens: Tokens): Scalar | ".." {
  const text = tokens.takeText();
  return text === undefined ? scalar(tokens, 0) : boundFrom(text);
}

/** The bound that a text stands for: a date, a timestamp or `..`. */
export function boundFrom(text: string): Scalar | ".." {
  if (text === "..") return "..";
  return text.includes("T") ? { timestamp: text } : { date: text };
}

const isIn = <T extends string>(all: readonly T[], name: string | undefined): name is T =>
  name !== undefined && (all as readonly string[]).includes(name);
