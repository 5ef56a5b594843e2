/**
 * Polygons that are valid because of how they are made; pure geometry on the plane of longitude and latitude. A ring is
 * open here: its last position is not the first one again.
 */
export type Position = [lon: number, lat: number];
export type Ring = Position[];
/** Polygons, each an outer ring and its holes. */
export type Polygons = Ring[][];

const clamp = (value: number, min: number, max: number) => Math.min(Math.max(value, min), max);
export const inWorld = ([lon, lat]: Position): Position => [clamp(lon, -180, 180), clamp(lat, -90, 90)];
export const mix = (a: Position, b: Position, share: number): Position => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
];
export const distance = (a: Position, b: Position) => Math.hypot(b[0] - a[0], b[1] - a[1]);

export const middle = (places: Position[]): Position => [
  places.reduce((sum, [lon]) => sum + lon, 0) / places.length,
  places.reduce((sum, [, lat]) => sum + lat, 0) / places.length,
];

/** `b`, or where it is too near to `a` to draw anything between them, a place that is not: one cell towards (0, 0). */
export function apart(a: Position, b: Position): Position {
  return distance(a, b) > 1e-6 ? b : [a[0] - (Math.sign(a[0]) || 1) * 0.0014, a[1] - (Math.sign(a[1]) || 1) * 0.0007];
}

/** The place `length` away from `from`, or where the world ends on the way there: exactly there, not a last bit before. */
export function along(from: Position, direction: Position, length: number): Position {
  const ends = [180, 90] as const;
  const rooms = ends.map((end, i) => {
    const step = direction[i] as number;
    return step === 0 ? length : (Math.sign(step) * end - (from[i] as number)) / step;
  });
  const room = Math.min(length, ...rooms);
  const reached = (i: 0 | 1) => {
    const to = from[i] + direction[i] * room;
    return Math.abs(to) > ends[i] - 1e-10 ? Math.sign(to) * ends[i] : to;
  };
  return [reached(0), reached(1)];
}

export function box(west: number, south: number, east: number, north: number): Ring {
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ];
}

export interface Spoke {
  /** 0 to 1: how far out its vertex lies. */
  length: number;
  /** 0 to 1: how far it is turned towards the next one. */
  turn: number;
}

/**
 * A ring that can be seen whole from `centre`, with one vertex at `first`. Two neighbours are always less than half a
 * turn apart, so it never crosses itself; spokes that would leave the world are shortened.
 */
export function star(centre: Position, first: Position, spokes: Spoke[]): Ring {
  const start = Math.atan2(first[1] - centre[1], first[0] - centre[0]);
  const radius = distance(centre, first);
  return spokes.map(({ length, turn }, i) => {
    if (i === 0) return first;
    const angle = start + (2 * Math.PI * (i + 0.45 * turn)) / spokes.length;
    return along(centre, [Math.cos(angle), Math.sin(angle)], radius * (0.3 + 1.2 * length));
  });
}

/** The ring around `centre` whose vertices are the given places, as far as they can be had in one turn. */
export function starThrough(centre: Position, places: Position[]): Ring {
  return byAngle(places.map((place) => [[place[0] - centre[0], place[1] - centre[1]], place]));
}

/** Places in the order of their angle, of those in one direction only the first. */
function byAngle(offsets: [offset: Position, place: Position][]): Ring {
  const sorted = offsets
    .filter(([offset]) => Math.hypot(...offset) > 1e-7)
    .map(([[x, y], place]) => ({ angle: Math.atan2(y, x), place }))
    .sort((a, b) => a.angle - b.angle);
  return sorted.filter(({ angle }, i) => angle - (sorted[i - 1]?.angle ?? -10) > 1e-6).map(({ place }) => place);
}

/** Every other triangle of a star: they touch each other in its centre and nowhere else. */
export function fan(centre: Position, ring: Ring): Polygons {
  return ring.flatMap((vertex, i) => {
    const next = ring[i + 1];
    return i % 2 === 0 && next ? [[[centre, vertex, next]]] : [];
  });
}

/** A hole between two neighbouring spokes of a star; a pinned one touches the star's ring in a vertex. */
export function holeBetween(centre: Position, a: Position, b: Position, size: number, pinned: boolean): Ring {
  const inside = (ofCentre: number, ofA: number): Position => {
    const ofB = 1 - ofCentre - ofA;
    return [centre[0] * ofCentre + a[0] * ofA + b[0] * ofB, centre[1] * ofCentre + a[1] * ofA + b[1] * ofB];
  };
  if (pinned) return [a, inside(0.2 + 0.5 * size, 0.2), inside(0.1, 0.2 + 0.6 * size)];
  const middle = inside(1 / 3, 1 / 3);
  return [centre, a, b].map((corner) => mix(middle, corner, 0.1 + 0.8 * size));
}

/** A ring made smaller around a centre from which it can be seen whole: it lies inside of itself. */
export const shrunk = (centre: Position, ring: Ring, share: number): Ring =>
  ring.map((vertex) => mix(centre, vertex, share));

/** The black fields of a chessboard whose lines are given: they touch each other in corners only. */
export function chessboard(lons: number[], lats: number[]): Polygons {
  const [xs, ys] = [ascending(lons), ascending(lats)];
  return xs
    .slice(1)
    .flatMap((east, i) =>
      ys.slice(1).flatMap((north, j) => ((i + j) % 2 ? [] : [[box(xs[i] as number, ys[j] as number, east, north)]])),
    );
}

/** Columns that stand side by side on a base; all edges run along the axes. */
export function skyline(base: number, lons: number[], tops: number[]): Ring {
  const xs = ascending(lons);
  const ring: Ring = [[xs[0] as number, base]];
  for (const [i, x] of xs.slice(1).entries()) {
    const top = tops[i % tops.length] as number;
    ring.push([xs[i] as number, top], [x, top]);
  }
  ring.push([xs.at(-1) as number, base]);
  return ring.filter(([x, y], i) => x !== ring[i - 1]?.[0] || y !== ring[i - 1]?.[1]);
}

const ascending = (values: number[]) => [...new Set(values)].sort((a, b) => a - b);

/** A strip from `a` to `b`, to one side of the line between them, or with the line in its middle. */
export function strip(a: Position, b: Position, width: number, centred: boolean): Ring {
  const length = distance(a, b);
  let normal: Position = [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
  // Towards (0, 0), so that it stays in the world.
  if (normal[0] * a[0] + normal[1] * a[1] > 0) normal = [-normal[0], -normal[1]];
  const aside = (from: Position, by: number) => inWorld([from[0] + normal[0] * by, from[1] + normal[1] * by]);
  const [near, far] = centred ? [-width / 2, width / 2] : [0, width];
  return [aside(a, near), aside(b, near), aside(b, far), aside(a, far)];
}

/**
 * What lies around a place on the antimeridian: the polygon on its western and the one on its eastern side, with the
 * given places as vertices.
 */
export function acrossAntimeridian(lat: number, below: number, above: number, places: Position[]): Polygons {
  return [180, -180].flatMap((edge) => {
    const side = places.filter(([lon]) => lon * edge > 0 && Math.abs(lon) !== 180);
    // Counted from the edge outwards, so that no angle passes the point where they begin again.
    const vertices = byAngle(side.map((place) => [[Math.abs(place[0] - edge), place[1] - lat], place]));
    return vertices.length ? [[[[edge, below], ...vertices, [edge, above]] as Ring]] : [];
  });
}
