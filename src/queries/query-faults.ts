import type { FieldError } from "../errors.ts";
import { FaultsError } from "../kit/faults.ts";
import type { FaultWords } from "../kit/schema-faults.ts";
import { ATTRIBUTE_PREFIX, CONDITION_NAMES, noSuch } from "./query-names.ts";

type Path = readonly PropertyKey[];

/** The position of a member in a query: `where.and[1].hour`. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text === "" ? "" : `${text}.`}${String(part)}`),
    "",
  );

/** An error that gives the position of each fault in the query. */
export const refusal = (all: readonly FieldError[]): FaultsError => new FaultsError("invalid_body", all);

/** The faults of unknown members of conditions. The schema would take their values for tests of attributes. */
export function unknownFields(
  where: unknown,
  path: Path = ["where"],
  names: readonly string[] = CONDITION_NAMES,
): FieldError[] {
  if (typeof where !== "object" || where === null || Array.isArray(where)) return [];
  return Object.entries(where).flatMap(([key, value]) => {
    const here = [...path, key];
    if (key === "not") return unknownFields(value, here, names);
    if ((key === "and" || key === "or") && Array.isArray(value)) {
      return value.flatMap((one, i) => unknownFields(one, [...here, i], names));
    }
    const isAttribute = key.startsWith(ATTRIBUTE_PREFIX) && key.length > ATTRIBUTE_PREFIX.length;
    if (names.includes(key) || isAttribute) return [];
    return [{ field: pathText(here), detail: noSuch("field", key, [...names, "attributes.NAME"]) }];
  });
}

/** The words of the faults that the schema of a query finds. */
export const QUERY_WORDS: FaultWords = {
  place: pathText,
  noSuchValue: (value, allowed) => noSuch("value", value, allowed),
};
