import { cellToLatLng, isValidCell } from "h3-js";
import olc from "open-location-code";
import { bad, type Parsed } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import { type Point, pointOf } from "./point.ts";

/** Ways to name a cell of a grid; a point in such a form is the middle of the cell. */
export const CELL_FORMS = ["geohash", "h3", "plus_code"] as const;
export type CellForm = (typeof CELL_FORMS)[number];

/** The middle of the cell that a text names, longitude and latitude in degrees. */
export function pointFromCell(value: unknown, form: CellForm): Parsed<Point> {
  const text = typeof value === "string" ? value.trim() : "";
  const point = form === "geohash" ? ofGeohash(text) : form === "h3" ? ofH3(text) : ofPlusCode(text);
  return point ? pointOf(...point) : bad("invalid_point", `expected ${EXAMPLES[form]}, but got ${shown(value)}`);
}

const EXAMPLES: Readonly<Record<CellForm, string>> = {
  geohash: "a geohash like u0j2xs5",
  h3: "an H3 cell like 871e90d8affffff",
  plus_code: "a full plus code like 8FPH3M9M+7C",
};

/** The letters of a geohash, by their value. */
export const GEOHASH_LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz";

function ofGeohash(text: string): [number, number] | undefined {
  if (!/^[0-9b-hjkmnp-z]{1,20}$/i.test(text)) return undefined;
  const ranges: [[number, number], [number, number]] = [
    [-180, 180],
    [-90, 90],
  ];
  let axis: 0 | 1 = 0;
  for (const char of text.toLowerCase()) {
    const bits = GEOHASH_LETTERS.indexOf(char);
    for (let bit = 16; bit >= 1; bit /= 2) {
      const range = ranges[axis];
      const middle = (range[0] + range[1]) / 2;
      range[bits & bit ? 0 : 1] = middle;
      axis = axis === 0 ? 1 : 0;
    }
  }
  return [(ranges[0][0] + ranges[0][1]) / 2, (ranges[1][0] + ranges[1][1]) / 2];
}

function ofH3(text: string): [number, number] | undefined {
  const cell = text.toLowerCase();
  if (!isValidCell(cell)) return undefined;
  const [lat, lon] = cellToLatLng(cell);
  return [lon, lat];
}

function ofPlusCode(text: string): [number, number] | undefined {
  const { OpenLocationCode } = olc;
  const codes = new OpenLocationCode();
  if (text.length > 20 || !codes.isFull(text)) return undefined;
  const { longitudeCenter, latitudeCenter } = codes.decode(text);
  return [longitudeCenter, latitudeCenter];
}
