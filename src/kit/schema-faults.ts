import type { z } from "zod";
import type { FieldError } from "../errors.ts";
import { MAX_COLLECTED } from "./faults.ts";
import { shown } from "./shown.ts";

type Path = readonly PropertyKey[];

/** The words of the faults, where they are not the usual ones. */
export interface FaultWords {
  /** The name of the members of the value. */
  member?: string;
  /** The place of a member as text; `a.0.b` by default. */
  place?: (path: Path) => string;
  /** The detail for a value that is none of the allowed ones. */
  noSuchValue?: (value: unknown, allowed: readonly string[]) => string;
}

const KINDS: Readonly<Record<string, string>> = {
  ...{ string: "text", object: "an object", record: "an object", array: "a list", number: "a number" },
  ...{ nonoptional: "a value", int: "a whole number", boolean: "true or false", null: "null" },
};

const dotted = (path: Path) => path.map(String).join(".");

/**
 * The faults that a schema found, each with the path of the member, the expected form and the received value. The value
 * is only known if the caller parses with `reportInput`.
 */
export function schemaFaults(
  issues: readonly z.core.$ZodIssue[],
  words: FaultWords = {},
  above: Path = [],
): FieldError[] {
  const { member = "member", place = dotted, noSuchValue } = words;
  return issues
    .filter((issue) => !isOfOtherKind(issue, issues))
    .flatMap((issue) => {
      const path = [...above, ...issue.path];
      const but = butGot(issue.input);
      const a = (detail: string) => [{ field: place(path), detail }];
      switch (issue.code) {
        case "unrecognized_keys": {
          const details = ownMessage(issue)?.split("\n") ?? [];
          return issue.keys
            .slice(0, MAX_COLLECTED)
            .map((key, i) => ({ field: place([...path, key]), detail: details[i] ?? `there is no such ${member}` }));
        }
        case "invalid_type":
          return a(`expected ${KINDS[issue.expected] ?? issue.expected}${but}`);
        case "invalid_value": {
          const allowed = issue.values.map(String);
          const detail = noSuchValue?.(issue.input, allowed) ?? `expected one of ${allowed.join(", ")}${but}`;
          return a(ownMessage(issue) ?? detail);
        }
        case "invalid_union": {
          const meant = issue.errors.find((errors) => errors.length > 0 && !isOfWrongType(errors, issue.input));
          return meant ? schemaFaults(meant, words, path) : a(`${ownMessage(issue) ?? kindsOf(issue)}${but}`);
        }
        case "too_small":
          return a(
            issue.origin === "string" && issue.minimum === 1
              ? "it is empty"
              : `expected ${issue.exact ? "exactly" : "at least"} ${issue.minimum}${unit(issue.origin)}${but}`,
          );
        case "too_big":
          return a(`expected ${issue.exact ? "exactly" : "at most"} ${issue.maximum}${unit(issue.origin)}${but}`);
        default:
          return a(issue.message);
      }
    });
}

function butGot(input: unknown): string {
  if (input === undefined) return ", but it is not there";
  // The text of a parameter that is no number has become NaN.
  return Number.isNaN(input) ? "" : `, but got ${shown(input)}`;
}

const unit = (origin: string) => (origin === "string" ? " characters" : origin === "array" ? " members" : "");

/** Whether it tells the length of a text that should be a list. That it is a text is a fault of its own. */
const isOfOtherKind = (issue: z.core.$ZodIssue, all: readonly z.core.$ZodIssue[]): boolean =>
  (issue.code === "too_small" || issue.code === "too_big") &&
  all.some((other) => other.code === "invalid_type" && other.path.join("\0") === issue.path.join("\0"));

/** The message that the schema itself gives. Undefined: it gives none. */
const ownMessage = ({ message }: z.core.$ZodIssue): string | undefined =>
  /^(Invalid|Unrecognized) /.test(message) ? undefined : message;

/** Whether an alternative is for another type than that of the given value. */
const isOfWrongType = (errors: readonly z.core.$ZodIssue[], input: unknown): boolean =>
  errors.some((error) => error.path.length === 0 && error.code === "invalid_type") ||
  errors.every((error) => error.path.length === 0 && error.code === "invalid_value" && typeof input !== "string");

function kindsOf(issue: z.core.$ZodIssueInvalidUnion): string {
  const kinds = issue.errors.flatMap((errors) =>
    errors.flatMap((error) => (error.code === "invalid_type" ? (KINDS[error.expected] ?? error.expected) : [])),
  );
  return `expected ${[...new Set(kinds)].join(" or ")}`;
}
