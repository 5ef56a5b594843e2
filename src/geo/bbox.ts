import type { Position } from "geojson";
import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import type { PolygonGeometry } from "./area.ts";

/** West, south, east, north in degrees. If west is greater than east, the box crosses the antimeridian. */
export type Bbox = readonly [west: number, south: number, east: number, north: number];

/**
 * A bounding box from `W,S,E,N`, or from `W,S,lowest,E,N,highest` as RFC 7946 allows; heights do not matter.
 *
 * @throws AppError invalid_parameter if it is not four or six numbers; invalid_area if they are no box on the globe
 */
export function bboxFrom(text: string): Bbox {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (![4, 6].includes(numbers.length) || !numbers.every(Number.isFinite)) {
    throw new AppError(
      "invalid_parameter",
      `bbox: expected four numbers, west,south,east,north, or six with heights, but got ${shown(text)}`,
      {
        errors: [{ field: "bbox", detail: "expected west,south,east,north in degrees" }],
      },
    );
  }
  const box = (numbers.length === 4 ? numbers : numbers.toSpliced(5, 1).toSpliced(2, 1)) as unknown as Bbox;
  const fault = faultOfBox(box);
  if (fault) throw new AppError("invalid_area", `bbox: ${fault}`, { errors: [{ field: "bbox", detail: fault }] });
  return box;
}

function faultOfBox([west, south, east, north]: Bbox): string | undefined {
  if (Math.abs(west) > 180 || Math.abs(east) > 180) return "longitude must be within -180..180";
  if (Math.abs(south) > 90 || Math.abs(north) > 90) return "latitude must be within -90..90";
  if (south >= north) return `south (${south}) must be less than north (${north})`;
  if (west === east) return `west and east are both ${west}, so the box has no area`;
  return undefined;
}

/** The polygon of a box. A box that crosses the antimeridian has one polygon on each side. */
export function polygonOfBox([west, south, east, north]: Bbox): PolygonGeometry {
  const ring = (w: number, e: number): Position[] => [
    [w, south],
    [e, south],
    [e, north],
    [w, north],
    [w, south],
  ];
  if (west < east) return { type: "Polygon", coordinates: [ring(west, east)] };
  // A side that ends where it begins, on the antimeridian itself, has no area.
  const sides = [ring(west, 180), ring(-180, east)].filter((side) => side[0]?.[0] !== side[1]?.[0]);
  const [only, second] = sides;
  if (only && !second) return { type: "Polygon", coordinates: [only] };
  return { type: "MultiPolygon", coordinates: sides.map((side) => [side]) };
}
