import { z } from "zod";
import { Match } from "../geo/area.ts";
import { isStorable } from "../kit/storable.ts";
import {
  AGGREGATES,
  CELL_COLUMNS,
  DEFAULT_LIMIT,
  MAX_DIMENSIONS,
  MAX_LIMIT,
  MAX_MEASURES,
  MAX_PRECISION,
  QUERY_COLUMNS,
  QUERY_NUMBERS,
} from "./query.ts";
import { ATTRIBUTE_PREFIX, noSuch } from "./query-names.ts";
import { date, OPERANDS, strict, TESTS } from "./query-operands.ts";

const MAX_CONDITIONS = 100;

/** One of these names, or an attribute's name. The pattern passes this on to the JSON Schema. */
const nameOf = (what: string, names: readonly string[]) =>
  z
    .string()
    .max(ATTRIBUTE_PREFIX.length + 200)
    .regex(new RegExp(`^(?:${names.join("|")}|attributes\\.[^\\u0000]+)$`), {
      error: (issue) => noSuch(what, issue.input, [...names, "attributes.NAME"]),
    })
    .refine(isStorable, "expected text without control characters");

const columnName = z
  .string()
  .regex(/^[\p{L}_][\p{L}\p{N}_. ]{0,62}$/u, "expected a letter, then up to 62 letters, digits, dots, blanks and _")
  .describe("What the column of the answer is called");
const precision = z
  .int()
  .min(1)
  .max(MAX_PRECISION)
  .describe(`So many characters of the geohash: 5 is about 5 km, ${MAX_PRECISION} about 150 m`);

/** A form of an object: the one that has this member. */
const needs = (name: string) => ({ required: [name], properties: { [name]: {} } });

const number = nameOf("number", QUERY_NUMBERS);
const measureObject = strict({
  ...(Object.fromEntries(AGGREGATES.map((name) => [name, number.optional()])) as Record<
    (typeof AGGREGATES)[number],
    z.ZodOptional<typeof number>
  >),
  percentile: number.optional().describe("With `p`; between two values it is interpolated"),
  p: z.number().min(0).max(1).optional().describe("0.5 is the median"),
  as: columnName.optional(),
}).meta({ oneOf: [...AGGREGATES, "percentile"].map(needs) });
const measure = z
  .union([z.enum(["trips"], { error: (issue) => noSuch("measure", issue.input, ["trips"]) }), measureObject])
  .describe("`trips` counts them; the others are over a number of theirs, and null where no trip has it")
  .meta({ id: "QueryMeasure" });

const dimensionObject = strict({
  column: nameOf("column", QUERY_COLUMNS).optional(),
  origin_cell: precision.optional(),
  destination_cell: precision.optional(),
  as: columnName.optional(),
}).meta({ oneOf: ["column", ...CELL_COLUMNS].map(needs) });
const dimension = z.union([nameOf("column", QUERY_COLUMNS), dimensionObject]).meta({ id: "QueryDimension" });

/** The ways to give an area. */
export const AREA_KINDS = ["bbox", "circle", "boundary", "area"] as const;

const within = strict({
  bbox: z
    .array(z.number())
    .min(4)
    .max(6)
    .optional()
    .describe("West, south, east, north in degrees; or six numbers, with heights, which do not matter"),
  circle: z.array(z.number()).length(3).optional().describe("Longitude, latitude in degrees; radius in metres"),
  boundary: z
    .string()
    .min(1)
    .max(200)
    .refine(isStorable, "expected text without control characters")
    .optional()
    .describe("The area is the boundary of this region"),
  area: z.unknown().optional().describe("GeoJSON: a Polygon, a MultiPolygon, a Feature or a FeatureCollection; or WKT"),
  make_valid: z.boolean().optional().describe("Mend an area that is not valid"),
  match: Match.optional().describe("Which end of a trip must lie in the area: origin, if left out"),
}).meta({ id: "QueryArea", oneOf: AREA_KINDS.map(needs) });

/** `and`, `or`, `not` over conditions of the same kind. */
const logic = (one: z.ZodType) => {
  const several = z.array(one).min(1).max(MAX_CONDITIONS).optional();
  return { and: several, or: several, not: one.optional() };
};

/**
 * The schema of conditions over rows with these fields: trips, or detections.
 *
 * @param tests the operand of each field
 */
export function conditionSchema(id: string, tests: Readonly<Record<string, z.ZodType>>) {
  const optional = Object.fromEntries(Object.entries(tests).map(([name, schema]) => [name, schema.optional()]));
  const names = ["and", "or", "not", "within", "from", "to", ...Object.keys(tests)];
  const condition: z.ZodType<Record<string, unknown>> = z
    .lazy(() =>
      z
        .object({
          ...logic(condition),
          within: within.optional(),
          from: date.optional(),
          to: date.optional(),
          ...optional,
        })
        .catchall(OPERANDS.attribute)
        .meta({
          minProperties: 1,
          propertyNames: { pattern: `^(?:${names.join("|")}|attributes\\.[^\\u0000]+)$` },
        }),
    )
    .describe("All members must hold. `from` and `to` are local days, both included; any attribute is attributes.NAME")
    .meta({ id });
  return condition;
}

const condition = conditionSchema("QueryCondition", TESTS);

const having: z.ZodType<Record<string, unknown>> = z
  .lazy(() => z.object(logic(having)).catchall(OPERANDS.number).meta({ minProperties: 1 }))
  .describe("All members must hold. They are the names of measures of `select`, or trips")
  .meta({ id: "QueryGroupCondition" });

/** The public form of a query: what `POST /v1/query` takes. */
export const QueryDefinition = strict({
  select: z.array(measure).min(1).max(MAX_MEASURES).optional().describe("What is measured; if left out, trips"),
  by: z.array(dimension).max(MAX_DIMENSIONS).optional().describe("What trips are grouped by; if left out, one group"),
  where: condition.optional().describe("Which trips"),
  having: having.optional().describe("Which groups, of those that are shown"),
  order: z
    .array(
      z
        .string()
        .min(1)
        .max(ATTRIBUTE_PREFIX.length + 200),
    )
    .max(MAX_DIMENSIONS + MAX_MEASURES)
    .optional()
    .describe("Names of columns, the most important first; -NAME is descending. Then by the columns of `by`"),
  limit: z.int().min(1).max(MAX_LIMIT).optional().describe(`How many rows at the most; if left out, ${DEFAULT_LIMIT}`),
  explain: z.boolean().optional().describe("Do not ask the database, but show what it would be asked"),
}).meta({ id: "Query" });
export type QueryDefinition = z.output<typeof QueryDefinition>;

export const QUERY_TITLE = "A question to Tripgrid";

/** The published JSON Schema of a query. */
export const queryJsonSchema = (): Record<string, unknown> => ({
  ...(z.toJSONSchema(QueryDefinition, { io: "input" }) as Record<string, unknown>),
  title: QUERY_TITLE,
});
