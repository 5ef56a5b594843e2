import { z } from "zod";
import type { FieldError } from "../errors.ts";
import { COLUMN_FORMS } from "../geo/forms.ts";
import { FaultsError } from "../kit/faults.ts";
import { schemaFaults } from "../kit/schema-faults.ts";
import { sizeFault } from "../kit/size-fault.ts";
import { THOUSANDS } from "../text/number-text.ts";
import { Instant } from "../time/instant.ts";
import { IDENTITIES } from "../trips/identity.ts";
import {
  COLUMN_TYPES,
  type ColumnRule,
  type Fallback,
  type FieldTarget,
  type Mapping,
  type StoredMapping,
  type Target,
} from "./mapping.ts";
import { faultsOf, naturalType } from "./mapping-faults.ts";

const MAX_COLUMNS = 1000;
/** Size limits of a definition: more than a mapping with `MAX_COLUMNS` columns ever needs. */
const MOST = { values: 50_000, depth: 20 };
const MAX_SHORT_LIST = 20;
const name = z.string().min(1).max(200);

const emptyValues = z
  .array(z.union([z.string().max(200), z.number()], "expected text or a number"))
  .max(MAX_SHORT_LIST)
  .describe("Texts and numbers that stand for no value, beside null in JSON and nothing at all in a CSV");

const rule = z.strictObject({
  to: name.describe("What the column becomes: started_at, origin_lat, attributes.NAME, drop, …"),
  type: z.enum(COLUMN_TYPES).optional().describe("What it holds; if left out, what its target usually does"),
  form: z.enum(COLUMN_FORMS).optional().describe("How a point or a path is written"),
  with: z.array(name).min(1).max(3).optional().describe("Columns that follow it: the time of day after the date"),
  lookup: z.string().min(1).max(100).optional().describe("The lookup that has the place of each id in the column"),
  unit: z.string().max(10).optional().describe("Of a duration: s, ms, min, h; of a distance: m, km, mi, ft"),
  empty: emptyValues.optional(),
});

/** The public form of a mapping: what `PUT /v1/mappings/NAME` takes. */
const shape = {
  columns: z
    .record(name, z.union([name, rule], "expected a target as text, or an object with `to`"))
    .describe("By the sender's column names: what the column becomes, as a text, or with more about it"),
  constants: z.record(name, name).optional().describe("Values for all trips whose columns do not bring their own"),
  fallbacks: z
    .record(
      name,
      z
        .array(z.union([name, z.strictObject({ constant: name })], "expected a column, or an object with `constant`"))
        .min(1)
        .max(MAX_SHORT_LIST),
    )
    .optional()
    .describe("By target: columns and constants that stand in where its own column has no value, in this order"),
  rows: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("The path of the array of rows in a JSON document, such as data.trips[*]; if left out, it is looked for"),
  header: z
    .literal(false)
    .optional()
    .describe("false: a CSV without a header, or JSON whose rows are arrays: the columns are named 1, 2, …"),
  decimal: z
    .enum([".", ","])
    .optional()
    .describe("The decimal mark of numbers in texts; if left out, the file shows it"),
  thousands: z.enum(THOUSANDS).optional().describe("What separates thousands in numbers"),
  text_values: z
    .boolean()
    .optional()
    .describe("true: JSON may hold numbers, booleans and unix times as text, and text as numbers or booleans"),
  identity: z
    .enum(IDENTITIES)
    .optional()
    .describe("row: rows without a trip_id are different trips even if they are equal; if left out, content"),
  time_formats: z
    .array(z.string().min(1).max(60))
    .min(1)
    .max(MAX_SHORT_LIST)
    .optional()
    .describe(
      "Tried in this order: iso, unix, unix_ms, unix_us, unix_ns, dotnet, excel or patterns such as M/D/YYYY H:MM[:SS]; if left out, iso",
    ),
  time_zone: z.string().max(100).optional().describe("IANA name: where clocks run that times were read from"),
  empty: emptyValues.optional(),
  other_columns: z.enum(["attributes", "drop"]).optional().describe("What becomes of all other columns: attributes"),
};
export const MappingDefinition = z
  .strictObject(shape)
  .meta({ id: "MappingDefinition", description: "How foreign rows become trips" });
export type MappingDefinition = z.output<typeof MappingDefinition>;

/**
 * Builds a mapping from its public form.
 *
 * @throws AppError invalid_body with every faulty member and its expected value
 */
export function mappingFrom(name: string, definition: unknown): Mapping {
  const tooMuch = sizeFault(definition, MOST);
  if (tooMuch) throw refusal([tooMuch]);
  const parsed = MappingDefinition.safeParse(definition, { reportInput: true });
  if (!parsed.success) throw refusal(schemaFaults(parsed.error.issues));
  const { columns, constants, time_formats, time_zone, empty, other_columns, ...more } = parsed.data;
  const mapping: Mapping = {
    name,
    columns: Object.fromEntries(Object.entries(columns).map(([column, given]) => [column, ruleFrom(given)])),
    constants: constants ?? {},
    ...reachFrom(more),
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
  // Our parser would silently lose this column, since the prototype of an object is not one of its members.
  if (Object.hasOwn((definition as MappingDefinition).columns, "__proto__")) {
    faults.push({ field: "columns.__proto__", detail: "no column can have this name" });
  }
  if (faults.length > 0) throw refusal(faults);
  return mapping;
}

type More = Pick<
  MappingDefinition,
  "fallbacks" | "rows" | "header" | "decimal" | "thousands" | "text_values" | "identity"
>;

function reachFrom({ fallbacks, rows, header, decimal, thousands, text_values, identity }: More): Partial<Mapping> {
  return {
    ...(fallbacks ? { fallbacks: fallbacks as Partial<Record<FieldTarget, Fallback[]>> } : {}),
    ...(rows === undefined ? {} : { rows }),
    ...(header === undefined ? {} : { header }),
    ...(decimal === undefined && thousands === undefined ? {} : { numbers: { decimal, thousands } }),
    ...(text_values ? { textValues: true } : {}),
    ...(identity === undefined ? {} : { identity }),
  };
}

/** Does not check that the target exists; `faultsOf` checks that with the rest of the rule. */
function ruleFrom(given: string | z.output<typeof rule>): ColumnRule {
  const { to, type, ...more } = typeof given === "string" ? { to: given } : given;
  return { to: to as Target, type: type ?? naturalType(to), ...more };
}

/** A mapping in a reply. */
export const MappingReply = z
  .object({
    name: z.string(),
    built_in: z.boolean(),
    created_at: Instant.nullable(),
    updated_at: Instant.nullable(),
    ...shape,
  })
  .meta({
    id: "Mapping",
    description: "The built-in ones have no dates. What is sent back to the same name may keep all members",
  });

export const mappingReply = (mapping: StoredMapping): z.infer<typeof MappingReply> => ({
  name: mapping.name,
  built_in: mapping.builtIn,
  created_at: mapping.createdAt,
  updated_at: mapping.updatedAt,
  ...definitionOf(mapping),
});

/** The shortest public form of a mapping. `mappingFrom` turns it back into the same mapping. */
export function definitionOf(mapping: Mapping): MappingDefinition {
  const columns = Object.entries(mapping.columns).map(([column, { to, type, ...more }]) => {
    const known = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
    const own = type === naturalType(to) ? known : { type, ...known };
    return [column, Object.keys(own).length === 0 ? to : { to, ...own }] as const;
  });
  return {
    columns: Object.fromEntries(columns),
    ...(Object.keys(mapping.constants).length > 0 ? { constants: mapping.constants as Record<string, string> } : {}),
    ...moreOf(mapping),
    time_formats: [...mapping.timeFormats],
    ...(mapping.timeZone !== undefined ? { time_zone: mapping.timeZone } : {}),
    ...(mapping.empty ? { empty: [...mapping.empty] } : {}),
    other_columns: mapping.otherColumns,
  };
}

function moreOf({ fallbacks, rows, header, numbers, textValues, identity }: Mapping): More {
  return {
    ...(fallbacks ? { fallbacks: fallbacks as Record<string, Fallback[]> } : {}),
    ...(rows === undefined ? {} : { rows }),
    ...(header === undefined ? {} : { header }),
    ...(numbers?.decimal === undefined ? {} : { decimal: numbers.decimal }),
    ...(numbers?.thousands === undefined ? {} : { thousands: numbers.thousands }),
    ...(textValues ? { text_values: true } : {}),
    ...(identity === undefined ? {} : { identity }),
  };
}

const refusal = (all: FieldError[]): FaultsError => new FaultsError("invalid_body", all);
