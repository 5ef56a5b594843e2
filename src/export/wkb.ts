import type { Geometry, Position } from "geojson";

/** West, south, east, north. */
export type Bounds = [west: number, south: number, east: number, north: number];

const TYPES = { Point: 1, LineString: 2, Polygon: 3, MultiPolygon: 6 } as const;

/** A geometry as well-known binary, little-endian. */
export function wkbOf(geometry: Geometry): Buffer {
  const { type } = geometry;
  if (type === "Point") return pointOf(geometry.coordinates);
  if (type === "LineString") return Buffer.concat([headOf(TYPES.LineString), positionsOf(geometry.coordinates)]);
  if (type === "Polygon") return polygonOf(geometry.coordinates);
  if (type === "MultiPolygon") {
    const { coordinates } = geometry;
    return Buffer.concat([headOf(TYPES.MultiPolygon), countOf(coordinates.length), ...coordinates.map(polygonOf)]);
  }
  throw new Error(`no table has geometries of the type ${type}`);
}

function pointOf([x = 0, y = 0]: Position): Buffer {
  const bytes = Buffer.allocUnsafe(21);
  bytes[0] = 1;
  bytes.writeUInt32LE(TYPES.Point, 1);
  bytes.writeDoubleLE(x, 5);
  bytes.writeDoubleLE(y, 13);
  return bytes;
}

const polygonOf = (rings: Position[][]): Buffer =>
  Buffer.concat([headOf(TYPES.Polygon), countOf(rings.length), ...rings.map(positionsOf)]);

function headOf(type: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = 1;
  bytes.writeUInt32LE(type, 1);
  return bytes;
}

function countOf(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(count);
  return bytes;
}

function positionsOf(positions: Position[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 + 16 * positions.length);
  bytes.writeUInt32LE(positions.length);
  for (const [i, [x = 0, y = 0]] of positions.entries()) {
    bytes.writeDoubleLE(x, 4 + 16 * i);
    bytes.writeDoubleLE(y, 12 + 16 * i);
  }
  return bytes;
}

/** The box around a geometry. */
export function boundsOf(geometry: Geometry): Bounds {
  const bounds: Bounds = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  if ("coordinates" in geometry) widen(bounds, geometry.coordinates);
  return bounds;
}

type Nested = Position | Nested[];

function widen(bounds: Bounds, coordinates: Nested): void {
  const [x, y] = coordinates as Position;
  if (typeof x === "number" && typeof y === "number") {
    bounds[0] = Math.min(bounds[0], x);
    bounds[1] = Math.min(bounds[1], y);
    bounds[2] = Math.max(bounds[2], x);
    bounds[3] = Math.max(bounds[3], y);
  } else for (const one of coordinates as Nested[]) widen(bounds, one);
}
