import fc from "fast-check";
import { type Pair, signed, unit } from "./draws.ts";
import {
  acrossAntimeridian,
  along,
  apart,
  distance,
  holeBetween,
  middle,
  type Polygons,
  type Position,
  type Ring,
  type Spoke,
  shrunk,
  star,
} from "./shapes.ts";

export const spokes = fc
  .constantFrom([3, 12], [3, 12], [13, 60], [61, 200])
  .chain(([minLength = 3, maxLength = 3]) =>
    fc.array(fc.record({ length: unit, turn: unit }), { minLength, maxLength, size: "max" }),
  );

interface Drawn {
  centre: Position;
  ring: Ring;
}

/** A star around the first place, or near to it, with a vertex at the second one. */
export function drawn(pair: Pair): fc.Arbitrary<Drawn> {
  const shift = fc.oneof(fc.constant<Position>([0, 0]), fc.tuple(signed, signed));
  return fc.tuple(pair, spokes, shift).map(([[a, second], parts, [x, y]]) => {
    const radius = distance(a, apart(a, second));
    const centre = awayFromWorldEdge([a[0] + (x * radius) / 10, a[1] + (y * radius) / 10], Math.min(radius / 20, 5));
    return { centre, ring: star(centre, apart(centre, second), parts) };
  });
}

const awayFromWorldEdge = ([lon, lat]: Position, margin: number): Position => [
  Math.min(Math.max(lon, -180 + margin), 180 - margin),
  Math.min(Math.max(lat, -90 + margin), 90 - margin),
];

export const stars = (pair: Pair) => drawn(pair).map(({ ring }): Polygons => [[ring]]);

/** Holes between the spokes of a star, one at least; some touch its ring. */
export function holed(pair: Pair) {
  const choices = fc.array(fc.record({ isHole: fc.boolean(), size: unit, isPinned: fc.boolean() }), { minLength: 1 });
  return fc.tuple(drawn(pair), choices).map(([{ centre, ring }, chosen]): Polygons => {
    const holes = ring.flatMap((vertex, i) => {
      const { isHole, size, isPinned } = chosen[i % chosen.length] as (typeof chosen)[number];
      if (!isHole && i > 0) return [];
      return [holeBetween(centre, vertex, ring[(i + 1) % ring.length] as Position, size, isPinned)];
    });
    return [[ring, ...holes]];
  });
}

/** A star with a hole of its own form, and in the hole the same once more. */
export const islands = (pair: Pair) =>
  fc.tuple(drawn(pair), unit, unit).map(([{ centre, ring }, outer, inner]): Polygons => {
    const hole = 0.3 + 0.6 * outer;
    return [[ring, shrunk(centre, ring, hole)], [shrunk(centre, ring, hole * (0.1 + 0.8 * inner))]];
  });

/** A star around each place, so small that they stay apart. */
export function apartStars(places: Position[], parts: Spoke[], size: number): Polygons {
  const centres = places.filter((a, i) => places.slice(0, i).every((b) => distance(a, b) > 1e-5));
  const nearest = Math.min(1, ...centres.flatMap((a, i) => centres.slice(0, i).map((b) => distance(a, b))));
  const radius = Math.min(nearest / 5, 0.001 + 0.02 * size);
  return centres.map((place) => {
    const centre = awayFromWorldEdge(place, radius / 20);
    return [star(centre, along(centre, [1, 0], radius), parts)];
  });
}

export const starsAcross = (near: Position[]) =>
  fc
    .tuple(fc.array(fc.constantFrom(...near), { minLength: 3, maxLength: 40, size: "max" }), unit, unit)
    .map(([places, below, above]): Polygons => {
      const lats = places.map(([, lat]) => lat);
      const lowest = Math.min(...lats) - 1e-5 - below * 0.01;
      const highest = Math.max(...lats) + 1e-5 + above * 0.01;
      return acrossAntimeridian(middle(places)[1], lowest, highest, places);
    });
