import type { Geometry, Position } from "geojson";

/**
 * The coordinate reference systems that are read and written. Coordinates are stored as CRS84: longitude, latitude.
 */
export interface Crs {
  uri: string;
  srid: 4326 | 3857;
  /** Whether latitude comes first. */
  isLatFirst: boolean;
}

const CRS84: Crs = { uri: "http://www.opengis.net/def/crs/OGC/1.3/CRS84", srid: 4326, isLatFirst: false };
const KNOWN: readonly Crs[] = [
  CRS84,
  { uri: "http://www.opengis.net/def/crs/EPSG/0/4326", srid: 4326, isLatFirst: true },
  { uri: "http://www.opengis.net/def/crs/EPSG/0/3857", srid: 3857, isLatFirst: false },
];

export const DEFAULT_CRS = CRS84;
export const CRS_URIS: readonly string[] = KNOWN.map(({ uri }) => uri);

/** The system of a URI, in angle brackets or not. Undefined: it is not known. */
export const crsOf = (text: string): Crs | undefined => KNOWN.find(({ uri }) => uri === text.replace(/^\[|\]$/g, ""));

/** Radius of the sphere of EPSG:3857, metres. */
const RADIUS_M = 6_378_137;
const DEGREES = 180 / Math.PI;

/** A position as longitude and latitude. The formula for EPSG:3857 is that of IOGP guidance note 7-2, method 1024. */
export function toCrs84({ srid, isLatFirst }: Crs, [x = 0, y = 0]: Position): Position {
  if (isLatFirst) return [y, x];
  if (srid === 4326) return [x, y];
  return [(x / RADIUS_M) * DEGREES, 90 - 2 * Math.atan(Math.exp(-y / RADIUS_M)) * DEGREES];
}

/** A geometry whose positions are longitude and latitude. */
export function geometryToCrs84(crs: Crs, geometry: Geometry): Geometry {
  if (crs === CRS84) return geometry;
  if (geometry.type === "GeometryCollection") {
    return { ...geometry, geometries: geometry.geometries.map((one) => geometryToCrs84(crs, one)) };
  }
  const moved = (value: unknown): unknown =>
    Array.isArray(value) && typeof value[0] === "number" ? toCrs84(crs, value) : (value as unknown[]).map(moved);
  return { ...geometry, coordinates: moved(geometry.coordinates) } as Geometry;
}
