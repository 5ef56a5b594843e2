import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseWith } from "../../src/kit/input.http.ts";

const schema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(10).default(5),
  kind: z.enum(["a", "b"]).optional(),
  names: z.array(z.string().min(1)).max(2).optional(),
  circle: z.array(z.number()).length(3).optional(),
});

describe("a parameter that its schema refuses is named, with what was expected", () => {
  it.each<[object, string]>([
    [{ limit: "many" }, "limit: expected a number"],
    [{ limit: "1.5" }, "limit: expected a whole number, but got 1.5"],
    [{ limit: "0" }, "limit: expected at least 1, but got 0"],
    [{ limit: "11" }, "limit: expected at most 10, but got 11"],
    [{ kind: "c" }, 'kind: expected one of a, b, but got "c"'],
    [{ names: "a" }, 'names: expected a list, but got "a"'],
    [{ names: ["a", ""] }, "names.1: it is empty"],
    [{ names: ["a", "b", "c"] }, 'names: expected at most 2 members, but got ["a","b","c"]'],
    [{ circle: "7.6,45,9" }, 'circle: expected a list, but got "7.6,45,9"'],
    [{ size: "1" }, "size: there is no such parameter"],
  ])("%j", (given, message) => {
    expect(() => parseWith(schema, given, "invalid_parameter")).toThrow(
      expect.objectContaining({ code: "invalid_parameter", message }),
    );
  });
});
