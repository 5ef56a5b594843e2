import { z } from "zod";
import { MAX_COLLECTED } from "../kit/faults.ts";
import { isStorable } from "../kit/storable.ts";
import { isDate, mondayOf } from "../time/week.ts";
import { CELL_COLUMNS, COMPARISONS, MAX_PRECISION, QUERY_COLUMNS, QUERY_NUMBERS } from "./query.ts";
import { noSuch } from "./query-names.ts";

const MAX_LIST = 1000;

/** An object with these members and no others. The error for an unknown member suggests a similar name. */
export const strict = <S extends z.core.$ZodShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? (issue.keys as string[])
            .slice(0, MAX_COLLECTED)
            .map((key) => noSuch("member", key, Object.keys(shape)))
            .join("\n")
        : undefined,
  });

export const text = z.string().max(1000).refine(isStorable, "expected text without control characters");
export const date = z.iso.date("expected a date, YYYY-MM-DD").refine(isDate, {
  error: "expected a date from 1900-01-01 to 2199-12-31",
  // Skipped if the value is not a date at all, so that one fault is reported once.
  when: ({ issues }) => issues.length === 0,
});
const week = z
  .string()
  .regex(/^\d{4}-W\d{2}$/, "expected a week such as 2018-W18")
  .refine((week) => mondayOf(week) !== undefined, "there is no such week");
const cell = z
  .string()
  .regex(/^[0-9b-hjkmnp-z]{1,7}$/, `expected a geohash of 1 to ${MAX_PRECISION} characters`)
  .describe("A geohash: what lies in this cell");

/** The schema of an operand: a value, null for a missing value, or comparisons that must all hold. */
const operand = (value: z.ZodType, isOrdered = true) => {
  const list = z.array(value).min(1).max(MAX_LIST);
  const comparisons = Object.fromEntries(
    COMPARISONS.filter((name) => isOrdered || !/[<>]/.test(name)).map((name) => [name, value.optional()]),
  );
  const shape = {
    ...comparisons,
    in: list.optional(),
    ...(isOrdered ? { between: z.array(value).length(2).optional().describe("Both ends included") } : {}),
    is_null: z.boolean().optional(),
  };
  return z.union([value, z.null(), strict(shape).meta({ minProperties: 1 })]);
};

/** The operands of conditions, by the kind of value that they test. */
export const OPERANDS = {
  text: operand(text).meta({ id: "QueryTextTest" }),
  week: operand(week).meta({ id: "QueryWeekTest" }),
  date: operand(date).meta({ id: "QueryDateTest" }),
  hour: operand(z.int().min(0).max(23)).meta({ id: "QueryHourTest" }),
  weekday: operand(z.int().min(1).max(7)).meta({ id: "QueryWeekdayTest" }),
  cell: operand(cell, false).meta({ id: "QueryCellTest" }),
  number: operand(z.number()).meta({ id: "QueryNumberTest" }),
  // One test has values of one kind: see the page about queries.
  attribute: operand(z.union([text, z.number(), z.boolean()])).meta({ id: "QueryAttributeTest" }),
};
/** The operands of the fields of trips. */
export const TESTS: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(QUERY_COLUMNS.map((name) => [name, OPERANDS.text])),
  ...{
    week: OPERANDS.week,
    week_start: OPERANDS.date,
    day: OPERANDS.date,
    hour: OPERANDS.hour,
    weekday: OPERANDS.weekday,
  },
  ...Object.fromEntries(CELL_COLUMNS.map((name) => [name, OPERANDS.cell])),
  ...Object.fromEntries(QUERY_NUMBERS.map((name) => [name, OPERANDS.number])),
};
