import fc from "fast-check";
import { type Pair, unit } from "./draws.ts";
import type { Position } from "./shapes.ts";

/** West, south, east, north; west may be greater than east. */
export type Bbox = [west: number, south: number, east: number, north: number];

export function boxes(pair: Pair) {
  const open = fc.constantFrom("corner", "meridian", "parallel");
  return fc.tuple(pair, unit, unit, open).map(([[a, b], x, y, through]): Bbox => {
    const [west, east] = span(a[0], b[0], x, through === "parallel", 180);
    const [south, north] = span(a[1], b[1], y, through === "meridian", 90);
    return [west, south, east, north];
  });
}

/** From the coordinate `b`, or where the edge runs through `b` from beyond it, to beyond `a`. */
function span(a: number, b: number, share: number, isBeyond: boolean, limit: number): [number, number] {
  const away = Math.sign(a - b) || -Math.sign(a) || 1;
  const room = Math.abs(a - b) * share + 1e-5 + share * 0.002;
  const ends = [isBeyond ? b - away * room : b, a + away * room].map((end) => Math.min(Math.max(end, -limit), limit));
  return [Math.min(...ends), Math.max(...ends)];
}

/** One side or more is where the world ends. */
export function boxesToWorldEdge(pair: Pair) {
  const sides = fc.constantFrom("W", "S", "E", "N", "WS", "EN", "WE", "SN", "WSE", "SEN");
  return fc
    .tuple(boxes(pair), sides)
    .map(
      ([[west, south, east, north], ends]): Bbox => [
        ends.includes("W") ? -180 : west,
        ends.includes("S") ? -90 : south,
        ends.includes("E") ? 180 : east,
        ends.includes("N") ? 90 : north,
      ],
    );
}

export function boxesAcross(near: Position[], all: Position[]) {
  const west = (points: Position[]) => fc.constantFrom(...points.filter(([lon]) => lon > 0));
  const east = (points: Position[]) => fc.constantFrom(...points.filter(([lon]) => lon < 0 && lon > -180));
  const by = fc.constantFrom(0, 0, 1e-5, -0.001);
  return fc
    .oneof(
      { weight: 3, arbitrary: fc.tuple(west(near), east(near), fc.constantFrom(...near), by) },
      { weight: 1, arbitrary: fc.tuple(west(all), east(all), fc.constantFrom(...near), by) },
    )
    .map(([w, e, other, shift]): Bbox => {
      const south = Math.max(Math.min(w[1], e[1], other[1]) + shift, -90);
      const north = Math.max(w[1], e[1], other[1]) - shift;
      return [
        Math.min(w[0] - shift, 179.9999999),
        south,
        Math.max(e[0] + shift, -179.9999999),
        Math.min(Math.max(north, south + 1e-4), 90),
      ];
    });
}
