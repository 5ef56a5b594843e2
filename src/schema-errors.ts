import type { z } from "zod";
import type { FieldError } from "./errors.ts";
import { shown } from "./point.ts";

const WORDS: Readonly<Record<string, string>> = {
  string: "text",
  record: "an object",
  object: "an object",
  array: "a list",
};

/**
 * What a schema found, in our words: each with the path of the member, what was expected and what came. Parse with
 * `reportInput`, or it cannot say what came.
 */
export function fieldErrors(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[] = []): FieldError[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    const field = path.map(String).join(".");
    const but = issue.input === undefined ? "but it is not there" : `but got ${shown(issue.input)}`;
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ field: [...path, key].join("."), detail: "there is no such member" }));
      case "invalid_type":
        return { field, detail: `expected ${WORDS[issue.expected] ?? `a ${issue.expected}`}, ${but}` };
      case "invalid_value":
        return { field, detail: `expected one of ${issue.values.join(", ")}, ${but}` };
      case "invalid_union": {
        // An object was meant to be the one alternative that is an object: what that one found says more.
        const meant =
          issue.errors.find((errors) => errors.some((e) => e.path.length > 0 || e.code !== "invalid_type")) ?? [];
        return meant.length > 0 ? fieldErrors(meant, path) : { field, detail: `${issue.message}, ${but}` };
      }
      case "too_small":
        return { field, detail: issue.origin === "string" ? "it is empty" : `expected at least ${issue.minimum}` };
      case "too_big":
        return {
          field,
          detail: `expected at most ${issue.maximum}${issue.origin === "string" ? " characters" : " members"}, ${but}`,
        };
      default:
        return { field, detail: issue.message };
    }
  });
}
