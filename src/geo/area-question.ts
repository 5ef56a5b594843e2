import { z } from "zod";
import { AppError } from "../errors.ts";
import { name } from "../kit/storable.ts";
import { type Area, Match } from "./area.ts";
import { areaFromValue } from "./area-text.ts";
import { bboxFrom, polygonOfBox } from "./bbox.ts";
import { circleFrom } from "./circle.ts";

export const match = Match.default("origin").meta({ description: "Which end of a trip must lie in the area" });

const MAKE_VALID = { description: "Mend an area that is not valid, as ST_MakeValid does" };
/** The parameter by which an area that is not valid is mended. */
export const makeValid = z
  .enum(["true", "false"])
  .transform((text) => text === "true")
  .optional()
  .meta(MAKE_VALID);
/** The same as a member of a body. */
export const makeValidMember = z.boolean().optional().meta(MAKE_VALID);

/** The parameters for the area of a question. At most one of `bbox`, `circle`, `area` and `boundary` may be given. */
export const namedArea = {
  bbox: z.string().optional().meta({
    description:
      "West, south, east, north in degrees, or six numbers with heights; with west > east the box crosses the antimeridian",
    example: "7.58,45.00,7.77,45.14",
  }),
  circle: z.string().optional().meta({
    description:
      "Longitude, latitude, radius in metres: a polygon of 128 vertices, which departs from the circle by 0.03 % of its radius",
    example: "7.68,45.07,500",
  }),
  area: z.string().optional().meta({ description: "WKT, EWKT or GeoJSON of a polygon or multipolygon" }),
  boundary: name.optional().meta({ description: "The area is the boundary of this region" }),
  make_valid: makeValid,
};
type NamedArea = { [K in keyof typeof namedArea]?: z.infer<(typeof namedArea)[K]> | undefined };

/** The members for the area of a question in a body. */
export const givenArea = {
  area: z.unknown().meta({
    description:
      "GeoJSON: a Polygon, a MultiPolygon, a Feature or a FeatureCollection, whose members are united; or WKT or EWKT as text",
    example: {
      type: "Polygon",
      coordinates: [
        [
          [7.6, 45.0],
          [7.7, 45.0],
          [7.7, 45.1],
          [7.6, 45.1],
          [7.6, 45.0],
        ],
      ],
    },
  }),
  make_valid: makeValidMember,
};

const KINDS = ["bbox", "circle", "area", "boundary"] as const;

/** The parameters of a question, with its area in the place of those that name it. */
export function withArea<T extends NamedArea>(query: T): Omit<T, keyof NamedArea> & { area: Area | undefined } {
  const { bbox, circle, area, boundary, make_valid, ...rest } = query;
  return { ...rest, area: areaFrom({ bbox, circle, area, boundary, make_valid }) };
}

/** The members of a body, with the area in the place of those that give it. */
export function withGivenArea<T extends { area: unknown; make_valid?: boolean | undefined }>(
  { area, make_valid, ...rest }: T,
  maxVertices: number,
): Omit<T, "area" | "make_valid"> & { area: Area } {
  return { ...rest, area: areaFromValue(area, "area", { maxVertices, makeValid: make_valid }) };
}

/** The area of a box, circle, text or named boundary. At most one of them may be given. */
function areaFrom(q: NamedArea): Area | undefined {
  const [kind, second] = KINDS.filter((one) => q[one] !== undefined);
  if (second) {
    const detail = `give either a ${kind} or a ${second}, not both`;
    throw new AppError("invalid_parameter", `${second}: ${detail}`, { errors: [{ field: second, detail }] });
  }
  if (q.bbox !== undefined) return { kind: "polygons", polygons: [polygonOfBox(bboxFrom(q.bbox))] };
  if (q.circle !== undefined) return circleFrom(q.circle);
  if (q.area !== undefined) return areaFromValue(q.area, "area", { makeValid: q.make_valid });
  return q.boundary === undefined ? undefined : { kind: "boundary", region: q.boundary };
}
