import type { z } from "zod";
import type { FieldError } from "./errors.ts";
import { AppError } from "./errors.ts";
import { shown } from "./point.ts";
import { ATTRIBUTE_PREFIX, CONDITION_NAMES, noSuch } from "./query-names.ts";

type Path = readonly PropertyKey[];

/** Enough to mend a query by. */
const MAX_ERRORS = 20;
/** A schema that calls itself goes as deep as what it is given, and looks at all of it. */
const MAX_DEPTH = 40;
const MAX_VALUES = 10_000;

/** Where in a query something is: `where.and[1].hour`. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text === "" ? "" : `${text}.`}${String(part)}`),
    "",
  );

/** An error that says of each fault where in the query it is. */
export function refusal(all: readonly FieldError[]): AppError {
  const errors = all.slice(0, MAX_ERRORS).map(({ field, detail }) => ({ field: field.toWellFormed(), detail }));
  const detail = errors.map(({ field, detail }) => (field === "" ? detail : `${field}: ${detail}`)).join("; ");
  return new AppError("invalid_body", detail, { errors });
}

/** What is too much to be looked at. GeoJSON has limits of its own. */
export function sizeFault(body: unknown): FieldError | undefined {
  let values = 0;
  const left: { value: unknown; depth: number }[] = [{ value: body, depth: 0 }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth >= MAX_DEPTH) return { field: "", detail: `it is nested more than ${MAX_DEPTH} levels deep` };
    for (const [key, member] of Object.entries(value)) {
      values++;
      if (key !== "area") left.push({ value: member, depth: depth + 1 });
    }
    if (values > MAX_VALUES) return { field: "", detail: `it has more than ${MAX_VALUES} values` };
  }
  return undefined;
}

/** The members of conditions that there are not: their values would be taken for tests of attributes. */
export function unknownFields(where: unknown, path: Path = ["where"]): FieldError[] {
  if (typeof where !== "object" || where === null || Array.isArray(where)) return [];
  return Object.entries(where).flatMap(([key, value]) => {
    const here = [...path, key];
    if (key === "not") return unknownFields(value, here);
    if ((key === "and" || key === "or") && Array.isArray(value)) {
      return value.flatMap((one, i) => unknownFields(one, [...here, i]));
    }
    const isAttribute = key.startsWith(ATTRIBUTE_PREFIX) && key.length > ATTRIBUTE_PREFIX.length;
    if (CONDITION_NAMES.includes(key) || isAttribute) return [];
    return [{ field: pathText(here), detail: noSuch("field", key, [...CONDITION_NAMES, "attributes.NAME"]) }];
  });
}

const KINDS: Readonly<Record<string, string>> = {
  ...{ string: "text", object: "an object", record: "an object", array: "a list", number: "a number" },
  ...{ int: "a whole number", boolean: "true or false", null: "null" },
};

/** What a schema found, each with its path and what was expected; the schema must have been told to report the input. */
export function schemaFaults(issues: readonly z.core.$ZodIssue[], above: Path = []): FieldError[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    const field = pathText(path);
    const but = issue.input === undefined ? "but it is not there" : `but got ${shown(issue.input)}`;
    const a = (detail: string) => [{ field, detail }];
    switch (issue.code) {
      case "unrecognized_keys": {
        const details = issue.message.split("\n");
        return issue.keys.map((key, i) => ({ field: pathText([...path, key]), detail: details[i] ?? "" }));
      }
      case "invalid_type":
        return a(`expected ${KINDS[issue.expected] ?? issue.expected}, ${but}`);
      case "invalid_value":
        return a(noSuchValue(issue));
      case "invalid_union":
        return unionFaults(issue, path, but);
      case "too_small":
        return a(`expected ${issue.exact ? "exactly" : "at least"} ${issue.minimum}${unit(issue.origin)}, ${but}`);
      case "too_big":
        return a(`expected ${issue.exact ? "exactly" : "at most"} ${issue.maximum}${unit(issue.origin)}, ${but}`);
      default:
        return a(issue.message);
    }
  });
}

const unit = (origin: string) => (origin === "string" ? " characters" : origin === "array" ? " members" : "");

function noSuchValue(issue: z.core.$ZodIssueInvalidValue): string {
  const isOwn = !/^Invalid /.test(issue.message);
  return isOwn ? issue.message : noSuch("value", issue.input, issue.values.map(String));
}

/** What the alternative found that was meant: the one for the type that was given. */
function unionFaults(issue: z.core.$ZodIssueInvalidUnion, path: Path, but: string): FieldError[] {
  const isWrongType = (errors: readonly z.core.$ZodIssue[]) =>
    errors.some((error) => error.path.length === 0 && error.code === "invalid_type") ||
    errors.every(
      (error) => error.path.length === 0 && error.code === "invalid_value" && typeof issue.input !== "string",
    );
  const meant = issue.errors.find((errors) => errors.length > 0 && !isWrongType(errors));
  if (meant) return schemaFaults(meant, path);
  const kinds = issue.errors.flatMap((errors) =>
    errors.flatMap((error) => (error.code === "invalid_type" ? (KINDS[error.expected] ?? error.expected) : [])),
  );
  return [{ field: pathText(path), detail: `expected ${[...new Set(kinds)].join(" or ")}, ${but}` }];
}
