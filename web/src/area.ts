import type { Feature, GeoJsonObject, MultiPolygon, Polygon, Position } from "geojson";

/** A box as west, south, east, north, in degrees. */
export type Box = [west: number, south: number, east: number, north: number];

/** What a question is asked about. Undefined areas stand for all trips. Degrees, longitude first. */
export type Area =
  | { kind: "bbox"; bbox: Box }
  | { kind: "circle"; center: [lon: number, lat: number]; radiusM: number }
  | { kind: "shape"; shape: Polygon | MultiPolygon }
  /** The boundary of a region. */
  | { kind: "boundary"; name: string }
  /** The trips that carry a region's name, which has no boundary. */
  | { kind: "region"; name: string };

/** More vertices make addresses that other programs cut off. */
export const MAX_VERTICES = 2000;

const EARTH_M = 6_371_008.8;
const DEGREE = Math.PI / 180;

/** Rounds degrees to six decimals, about 0.1 m: what is shown, asked and shared is the same number. Never -0. */
export const rounded = (degrees: number): number => Math.round(degrees * 1e6) / 1e6 + 0;

export const roundedRing = (ring: readonly Position[]): Position[] =>
  ring.map(([lon = 0, lat = 0]) => [rounded(lon), rounded(lat)]);

/** The polygons of a shape, each as its rings. */
export const polygonsOf = (shape: Polygon | MultiPolygon): Position[][][] =>
  shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;

export const verticesOf = (shape: Polygon | MultiPolygon): number =>
  polygonsOf(shape)
    .flat()
    .reduce((sum, ring) => sum + ring.length, 0);

/** The smallest box around rings. Undefined: there are none. */
export function boxAround(rings: Iterable<readonly Position[]>): Box | undefined {
  const box: Box = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -181, -91];
  for (const ring of rings) {
    for (const [lon = 0, lat = 0] of ring) {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    }
  }
  return box[0] <= box[2] ? box : undefined;
}

/** The outline of an area, to be drawn. Undefined: the boundary of a region, which the map has, or a name. */
export function outlineOf(area: Area): Polygon | MultiPolygon | undefined {
  if (area.kind === "shape") return area.shape;
  if (area.kind === "circle") return { type: "Polygon", coordinates: [circleRing(area.center, area.radiusM)] };
  if (area.kind !== "bbox") return undefined;
  const [west, south, east, north] = area.bbox;
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: "Polygon", coordinates: [corners] };
}

/** A circle on the sphere as a ring of 64 vertices, to be drawn. */
function circleRing([lon, lat]: [number, number], radiusM: number): Position[] {
  const distance = radiusM / EARTH_M;
  return Array.from({ length: 65 }, (_, i) => {
    const bearing = ((i % 64) / 64) * 2 * Math.PI;
    const sin =
      Math.sin(lat * DEGREE) * Math.cos(distance) + Math.cos(lat * DEGREE) * Math.sin(distance) * Math.cos(bearing);
    const east = Math.sin(bearing) * Math.sin(distance) * Math.cos(lat * DEGREE);
    const north = Math.cos(distance) - Math.sin(lat * DEGREE) * sin;
    return [lon + Math.atan2(east, north) / DEGREE, Math.asin(sin) / DEGREE];
  });
}

/** The distance between two points on the sphere, metres. */
export function distanceM([lon, lat]: Position, [lon2, lat2]: Position): number {
  const [a = 0, b = 0, c = 0, d = 0] = [lat, lat2, lon, lon2].map((degrees) => (degrees ?? 0) * DEGREE);
  const half = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin((d - c) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(half));
}

/**
 * The area of a GeoJSON document: its polygons, together.
 *
 * @returns undefined if it has no polygon, so that it may be a file of trips
 * @throws Error that says what to do if it has too many vertices
 */
export function areaFromGeoJson(document: unknown): Area | undefined {
  const polygons = [...shapesIn(document as GeoJsonObject)].flatMap(polygonsOf).map((rings) => rings.map(roundedRing));
  if (polygons.length === 0) return undefined;
  const [first] = polygons;
  const shape: Polygon | MultiPolygon =
    polygons.length === 1 && first
      ? { type: "Polygon", coordinates: first }
      : { type: "MultiPolygon", coordinates: polygons };
  const vertices = verticesOf(shape);
  if (vertices > MAX_VERTICES) {
    throw new Error(
      `The area has ${vertices} vertices, and this page takes ${MAX_VERTICES}. Simplify it, or make it a region: PUT /v1/regions/NAME.`,
    );
  }
  return { kind: "shape", shape };
}

function* shapesIn(document: GeoJsonObject | null | undefined): Generator<Polygon | MultiPolygon> {
  if (document === null || typeof document !== "object") return;
  if (document.type === "Polygon" || document.type === "MultiPolygon") yield document as Polygon;
  if (document.type === "Feature") yield* shapesIn((document as Feature).geometry);
  const { features, geometries } = document as { features?: unknown; geometries?: unknown };
  for (const members of [features, geometries]) {
    if (Array.isArray(members)) for (const member of members) yield* shapesIn(member);
  }
}
