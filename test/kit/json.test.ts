import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { parseJson } from "../../src/kit/json.ts";

function faultOf(text: string): AppError {
  try {
    parseJson(text);
  } catch (error) {
    return error as AppError;
  }
  throw new Error("it was accepted");
}

describe("a body that is not JSON", () => {
  it.each([
    ["", 1, 1],
    ['{"a": 1,}', 1, 9],
    ['[{"a": 1},\n {"a": tru}]', 2, 8],
    ['{"a": 1}\n{"a": 2}', 2, 1],
    ["{'a': 1}", 1, 2],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ["// comment\n{}", 1, 1],
    ['{"a": NaN}', 1, 7],
  ])("is refused with the place of the fault: %j at %d:%d", (text, line, column) => {
    const fault = faultOf(text);
    expect(fault).toBeInstanceOf(AppError);
    expect(fault.code).toBe("invalid_json");
    expect(fault.extra).toEqual({ line, column });
    expect(fault.message).toContain(`line ${line}, column ${column}`);
  });

  it("is refused where it ends too early", () => {
    const fault = faultOf('{"a": [1, 2');
    expect(fault.code).toBe("invalid_json");
    expect(fault.extra.line).toBe(1);
  });

  it("is refused at its first fault, however many follow", { timeout: 1000 }, () => {
    const fault = faultOf(`[${",".repeat(10_000_000)}`);
    expect([fault.code, fault.extra]).toEqual(["invalid_json", { line: 1, column: 2 }]);
  });

  it("is refused, not a stack overflow, if it is nested a hundred thousand levels deep", () => {
    expect(faultOf("[".repeat(100_000)).code).toBe("invalid_json");
  });
});

it("gives the value of a body that is", () => {
  expect(parseJson(' {"a": [1, "x", null]}\n')).toEqual({ a: [1, "x", null] });
});
