import { bboxClip } from "@turf/bbox-clip";
import { circle as circleAround } from "@turf/circle";
import { distance } from "@turf/distance";
import type { Position } from "geojson";
import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import type { PolygonArea, PolygonGeometry } from "./area.ts";

/** Vertices of the polygon that stands for a circle. It departs from the circle by 0.03 % of the radius. */
export const CIRCLE_VERTICES = 128;
const MAX_RADIUS_M = 1_000_000;
const METRES_PER_DEGREE = 111_195;

/**
 * The area within a distance of a point, from `lon,lat,radius_m`: a polygon whose vertices lie on the circle, on a
 * sphere with the mean radius of the earth.
 *
 * @throws AppError invalid_parameter if it is not three numbers; invalid_area if they are no circle on the globe
 */
export function circleFrom(text: string): PolygonArea {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [lon = 0, lat = 0, radius = 0] = numbers;
  if (numbers.length !== 3 || !numbers.every(Number.isFinite)) {
    const detail = "expected lon,lat,radius_m: the centre in degrees and the radius in metres";
    throw new AppError("invalid_parameter", `circle: ${detail}, but got ${shown(text)}`, {
      errors: [{ field: "circle", detail }],
    });
  }
  const fault = faultOf(lon, lat, radius);
  if (fault) throw new AppError("invalid_area", `circle: ${fault}`, { errors: [{ field: "circle", detail: fault }] });
  const { geometry } = circleAround([lon, lat], radius, { steps: CIRCLE_VERTICES, units: "meters" });
  const ring = geometry.coordinates[0] ?? [];
  return {
    kind: "polygons",
    polygons: [onTheGlobe(ring, lon)],
    circle: { vertices: CIRCLE_VERTICES, error_m: errorOf(ring, [lon, lat], radius) },
  };
}

function faultOf(lon: number, lat: number, radius: number): string | undefined {
  if (Math.abs(lon) > 180) return `longitude ${lon} is not within -180..180`;
  if (Math.abs(lat) > 90) return `latitude ${lat} is not within -90..90`;
  if (radius <= 0 || radius > MAX_RADIUS_M)
    return `the radius, ${radius} m, is not above 0 and at most ${MAX_RADIUS_M} m`;
  if (Math.abs(lat) + radius / METRES_PER_DEGREE >= 90)
    return "a circle around a pole cannot be asked about: ask for a box such as -180,80,180,90";
  return undefined;
}

/** The ring as a polygon. A ring that crosses the antimeridian is cut there. */
function onTheGlobe(ring: Position[], centre: number): PolygonGeometry {
  // Longitudes of one ring may jump by 360 degrees at the antimeridian; those near the centre do not.
  const near = ring.map(([lon = 0, lat = 0]) => [lon - 360 * Math.round((lon - centre) / 360), lat]);
  const polygon: PolygonGeometry = { type: "Polygon", coordinates: [near] };
  const beyond = near.some(([lon = 0]) => lon > 180) ? 1 : near.some(([lon = 0]) => lon < -180) ? -1 : 0;
  if (beyond === 0) return polygon;
  const here = bboxClip(polygon, [-180, -90, 180, 90]).geometry;
  const there = bboxClip(polygon, beyond > 0 ? [180, -90, 540, 90] : [-540, -90, -180, 90]).geometry;
  const moved = there.coordinates.map((part) =>
    (part as Position[]).map(([lon = 0, lat = 0]) => [lon - beyond * 360, lat]),
  );
  return { type: "MultiPolygon", coordinates: [here.coordinates as Position[][], moved] };
}

/** How far the middles of the polygon's edges are from the circle at most, in metres, rounded up to centimetres. */
function errorOf(ring: Position[], centre: Position, radius: number): number {
  let most = 0;
  for (let i = 1; i < ring.length; i++) {
    const [[west = 0, south = 0], [east = 0, north = 0]] = [ring[i - 1] as Position, ring[i] as Position];
    const step = east - west - 360 * Math.round((east - west) / 360);
    const middle = [west + step / 2, (south + north) / 2];
    most = Math.max(most, Math.abs(radius - distance(centre, middle, { units: "meters" })));
  }
  return Math.ceil(most * 100) / 100;
}
