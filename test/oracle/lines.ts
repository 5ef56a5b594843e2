import fc from "fast-check";
import { type Pair, signed, unit } from "./draws.ts";
import {
  along,
  apart,
  chessboard,
  distance,
  inWorld,
  mix,
  type Polygons,
  type Position,
  skyline,
  strip,
} from "./shapes.ts";

/** Thinner than a cell of the finest precision, down to a tenth of a millimetre; as long as it happens to be. */
export function slivers(pair: Pair) {
  const width = fc.tuple(fc.integer({ min: 3, max: 9 }), unit).map(([digits, share]) => (0.3 + share) * 10 ** -digits);
  const beyond = fc.oneof(fc.constant(0), unit);
  return fc
    .tuple(pair, width, beyond, beyond, fc.constantFrom("middle", "middle", "side", "point"))
    .map(([[first, second], w, before, after, where]): Polygons => {
      const b = apart(first, second);
      const back: Position = [first[0] - b[0], first[1] - b[1]];
      const [from, to] = [along(first, back, before), along(b, [-back[0], -back[1]], after)];
      const ring = strip(from, to, w, where === "middle");
      return [[where === "point" ? ring.slice(0, 3) : ring]];
    });
}

/** A triangle with one edge through a place, at an angle that lets it lie exactly on the edge, or at any. */
export function midEdges(pair: Pair) {
  const slope = fc.oneof(
    fc.tuple(fc.integer({ min: -64, max: 64 }), fc.integer({ min: -64, max: 64 })).map(([x, y]) => [x, y, 2 ** -17]),
    fc.tuple(signed, signed).map(([x, y]) => [x, y, 0.01]),
  );
  const steps = fc.integer({ min: 1, max: 16 });
  return fc.tuple(pair, slope, steps, steps).map(([[a, b], [x = 0, y = 0, scale = 1], ahead, behind]): Polygons => {
    const step: Position = x === 0 && y === 0 ? [scale, 0] : [x * scale, y * scale];
    const [from, to] = [along(b, step, ahead), along(b, [-step[0], -step[1]], behind)];
    const offLine = Math.abs((to[0] - from[0]) * (a[1] - from[1]) - (to[1] - from[1]) * (a[0] - from[0]));
    // Where the first place is on the line too, the strip's far corner takes its part.
    const third = offLine > 1e-7 * distance(from, to) ? mix(b, a, 1.25) : strip(from, to, 0.002, false)[2];
    return [[[from, to, inWorld(third as Position)]]];
  });
}

export function skylineThrough([places, hangs, share]: [Position[], boolean, number]): Polygons {
  const lats = places.map(([, lat]) => lat);
  const beyond = 1e-5 + share * 0.01;
  const base = hangs ? Math.min(Math.max(...lats) + beyond, 90) : Math.max(Math.min(...lats) - beyond, -90);
  const tops = lats.filter((lat) => lat !== base);
  const [lon] = places[0] as Position;
  const lons = [...places.map((place) => place[0]), lon + (lon > 0 ? -0.0014 : 0.0014)];
  return [[skyline(base, lons, tops.length > 0 ? tops : [base + (hangs ? -0.001 : 0.001)])]];
}

export function chessboardThrough(places: Position[]): Polygons {
  const [lon, lat] = places[0] as Position;
  const beyond = apart([lon, lat], [lon, lat]);
  return chessboard([...places.map((p) => p[0]), beyond[0]], [...places.map((p) => p[1]), beyond[1]]);
}
