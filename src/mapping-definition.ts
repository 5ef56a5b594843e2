import { z } from "zod";
import { AppError, type FieldError } from "./errors.ts";
import { COLUMN_TYPES, type ColumnRule, type Mapping, POINT_FORMS, type Target } from "./mapping.ts";
import { faultsOf, naturalType } from "./mapping-faults.ts";
import { fieldErrors } from "./schema-errors.ts";

const MAX_COLUMNS = 1000;
/** Enough to mend a mapping by; a list of a million helps nobody. */
const MAX_ERRORS = 50;
const MAX_SHORT_LIST = 20;
const name = z.string().min(1).max(200);

const emptyValues = z
  .array(z.union([z.string().max(200), z.number()], "expected text or a number"))
  .max(MAX_SHORT_LIST)
  .describe("Texts and numbers that stand for no value, beside null in JSON and nothing at all in a CSV");

const rule = z.strictObject({
  to: name.describe("What the column becomes: started_at, origin_lat, attributes.NAME, drop, …"),
  type: z.enum(COLUMN_TYPES).optional().describe("What it holds; if left out, what its target usually does"),
  form: z.enum(POINT_FORMS).optional().describe("How a point is written"),
  unit: z.string().max(10).optional().describe("Of a duration: s, ms, min, h; of a distance: m, km, mi, ft"),
  empty: emptyValues.optional(),
});

/** The public form of a mapping: what `PUT /v1/mappings/NAME` takes. */
export const MappingDefinition = z.strictObject({
  columns: z
    .record(name, z.union([name, rule], "expected a target as text, or an object with `to`"))
    .describe("By the sender's column names: what the column becomes, as a text, or with more about it"),
  constants: z.record(name, name).optional().describe("Values for all trips whose columns do not bring their own"),
  time_formats: z
    .array(z.string().min(1).max(60))
    .min(1)
    .max(MAX_SHORT_LIST)
    .optional()
    .describe("Tried in this order: iso, unix, unix_ms or patterns such as M/D/YYYY H:MM[:SS]; if left out, iso"),
  time_zone: z.string().max(100).optional().describe("IANA name: where clocks run that times were read from"),
  empty: emptyValues.optional(),
  other_columns: z.enum(["attributes", "drop"]).optional().describe("What becomes of all other columns: attributes"),
});
export type MappingDefinition = z.output<typeof MappingDefinition>;

/**
 * A mapping from its public form.
 *
 * @throws AppError invalid_body with every faulty member, each with what was expected
 */
export function mappingFrom(name: string, definition: unknown): Mapping {
  const parsed = MappingDefinition.safeParse(definition, { reportInput: true });
  if (!parsed.success) throw refusal(fieldErrors(parsed.error.issues));
  const { columns, constants, time_formats, time_zone, empty, other_columns } = parsed.data;
  const mapping: Mapping = {
    name,
    columns: Object.fromEntries(Object.entries(columns).map(([column, given]) => [column, ruleFrom(given)])),
    constants: constants ?? {},
    timeFormats: time_formats ?? ["iso"],
    ...(time_zone !== undefined ? { timeZone: time_zone } : {}),
    ...(empty?.length ? { empty } : {}),
    otherColumns: other_columns ?? "attributes",
  };
  const count = Object.keys(columns).length;
  if (count > MAX_COLUMNS) {
    throw refusal([{ field: "columns", detail: `expected at most ${MAX_COLUMNS}, but there are ${count}` }]);
  }
  const faults = faultsOf(mapping);
  // A parser of ours would lose it without a word, as the prototype of an object is no member of it.
  if (Object.hasOwn((definition as MappingDefinition).columns, "__proto__")) {
    faults.push({ field: "columns.__proto__", detail: "no column can have this name" });
  }
  if (faults.length > 0) throw refusal(faults);
  return mapping;
}

/** Whether the target exists is checked with the rest of the rule. */
function ruleFrom(given: string | z.output<typeof rule>): ColumnRule {
  const { to, type, ...more } = typeof given === "string" ? { to: given } : given;
  return { to: to as Target, type: type ?? naturalType(to), ...more };
}

/** The public form of a mapping, as short as it goes: from it comes the same mapping. */
export function definitionOf(mapping: Mapping): MappingDefinition {
  const columns = Object.entries(mapping.columns).map(([column, { to, type, ...more }]) => {
    const known = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
    const own = type === naturalType(to) ? known : { type, ...known };
    return [column, Object.keys(own).length === 0 ? to : { to, ...own }] as const;
  });
  return {
    columns: Object.fromEntries(columns),
    ...(Object.keys(mapping.constants).length > 0 ? { constants: mapping.constants as Record<string, string> } : {}),
    time_formats: [...mapping.timeFormats],
    ...(mapping.timeZone !== undefined ? { time_zone: mapping.timeZone } : {}),
    ...(mapping.empty ? { empty: [...mapping.empty] } : {}),
    other_columns: mapping.otherColumns,
  };
}

function refusal(all: FieldError[]): AppError {
  const errors = all.slice(0, MAX_ERRORS);
  const detail = errors.map(({ field, detail }) => (field === "" ? detail : `${field}: ${detail}`)).join("; ");
  return new AppError("invalid_body", detail, { errors });
}
