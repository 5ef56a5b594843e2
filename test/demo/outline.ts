import { readFileSync } from "node:fs";
import type { Feature, Polygon } from "geojson";
import { CITIES } from "../../src/demo/cities.ts";

export type Ring = readonly (readonly [lon: number, lat: number])[];

/** The outlines in `geo/`, of every city that the generator knows. */
export const OUTLINES = CITIES.map(({ name }) => {
  const file = new URL(`../../geo/${name.toLowerCase()}.geojson`, import.meta.url);
  const feature = JSON.parse(readFileSync(file, "utf8")) as Feature<Polygon>;
  return { name, feature, ring: feature.geometry.coordinates[0] as unknown as Ring };
});

/** The edges of a ring, as pairs of points. */
export function edgesOf(ring: Ring) {
  return ring.slice(1).map((end, i) => [ring[i] as Ring[number], end] as const);
}

/** Even-odd rule: a ray to the east crosses the ring an odd number of times from within. */
export function isInside(ring: Ring, [lon, lat]: Ring[number]): boolean {
  let inside = false;
  for (const [a, b] of edgesOf(ring)) {
    const between = a[1] > lat !== b[1] > lat;
    if (between && lon < ((b[0] - a[0]) * (lat - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside;
}

/** Pairs of edges that meet anywhere but in the vertex between neighbours, found by trying all of them. */
export function crossings(ring: Ring): string[] {
  const edges = edgesOf(ring);
  return edges.flatMap((one, i) =>
    edges.slice(i + 1).flatMap((other, k) => {
      const follows = k === 0;
      const closes = i === 0 && k === edges.length - 2;
      // Neighbours share a vertex; they overlap if the far end of either lies on the other.
      const wrong = follows
        ? isOn(one, other[1]) || isOn(other, one[0])
        : closes
          ? isOn(one, other[0]) || isOn(other, one[1])
          : meet(one, other);
      return wrong ? [`edge ${i} meets edge ${i + 1 + k}`] : [];
    }),
  );
}

type Edge = readonly [Ring[number], Ring[number]];

/** Which side of an edge a point is on: positive to the left of it, 0 on its line. */
const side = ([a, b]: Edge, p: Ring[number]) =>
  Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));

function isOn([a, b]: Edge, p: Ring[number]): boolean {
  const within = (k: 0 | 1) => Math.min(a[k], b[k]) <= p[k] && p[k] <= Math.max(a[k], b[k]);
  return side([a, b], p) === 0 && within(0) && within(1);
}

function meet(one: Edge, other: Edge): boolean {
  const cross = side(one, other[0]) * side(one, other[1]) < 0 && side(other, one[0]) * side(other, one[1]) < 0;
  return cross || isOn(one, other[0]) || isOn(one, other[1]) || isOn(other, one[0]) || isOn(other, one[1]);
}
