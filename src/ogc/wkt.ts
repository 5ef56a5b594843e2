import type { Geometry, Position } from "geojson";
import { Cql2Error, MAX_DEPTH } from "./cql2.ts";
import type { Tokens } from "./tokens.ts";

const TYPES = {
  point: "Point",
  linestring: "LineString",
  polygon: "Polygon",
  multipoint: "MultiPoint",
  multilinestring: "MultiLineString",
  multipolygon: "MultiPolygon",
  geometrycollection: "GeometryCollection",
} as const;

/** Whether a geometry of the well-known text begins with this word, given in lower case. */
export const isWktType = (word: string | undefined): word is keyof typeof TYPES =>
  word !== undefined && Object.hasOwn(TYPES, word);

/**
 * Takes a geometry in well-known text, as GeoJSON. A height counts as little as it does there.
 *
 * @throws Cql2Error
 */
export function geometryFromWkt(tokens: Tokens, depth = 0): Geometry {
  const word = tokens.peekName();
  if (!isWktType(word)) return tokens.fail("expected a geometry");
  if (depth > MAX_DEPTH) throw new Cql2Error(`it is nested more than ${MAX_DEPTH} levels deep`);
  tokens.skipName();
  tokens.takeWord("z");
  const type = TYPES[word];
  switch (type) {
    case "Point":
      return { type, coordinates: inBrackets(tokens, () => position(tokens)) };
    case "LineString":
    case "MultiPoint":
      return { type, coordinates: positions(tokens) };
    case "Polygon":
    case "MultiLineString":
      return { type, coordinates: list(tokens, () => positions(tokens)) };
    case "MultiPolygon":
      return { type, coordinates: list(tokens, () => list(tokens, () => positions(tokens))) };
    case "GeometryCollection":
      return { type, geometries: list(tokens, () => geometryFromWkt(tokens, depth + 1)) };
  }
}

function inBrackets<T>(tokens: Tokens, read: () => T): T {
  tokens.expect("(");
  const value = read();
  tokens.expect(")");
  return value;
}

const list = <T>(tokens: Tokens, read: () => T): T[] =>
  inBrackets(tokens, () => {
    const all = [read()];
    while (tokens.take(",")) all.push(read());
    return all;
  });

/** Positions, each of which may be in brackets of its own, as in a multipoint. */
const positions = (tokens: Tokens): Position[] =>
  list(tokens, () => {
    if (!tokens.take("(")) return position(tokens);
    const one = position(tokens);
    tokens.expect(")");
    return one;
  });

function position(tokens: Tokens): Position {
  const [x, y] = [tokens.number(), tokens.number()];
  tokens.takeNumber();
  return [x, y];
}
