import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { AppError } from "./errors.ts";

/**
 * Parses JSON.
 *
 * @throws AppError invalid_json with the line and column, counted from 1, of the first thing that is no JSON
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { line, column, reason } = firstFault(text, error as Error);
    throw new AppError("invalid_json", `The body is not JSON: ${reason} at line ${line}, column ${column}.`, {
      line,
      column,
    });
  }
}

/** V8 names a position only now and then; a tolerant parser always does. */
function firstFault(text: string, error: Error): { line: number; column: number; reason: string } {
  const fault = firstParseError(text);
  const reason = fault ? words(printParseErrorCode(fault.error)) : error.message.split(" in JSON")[0];
  const before = text.slice(0, fault?.offset ?? text.length);
  return {
    line: before.split("\n").length,
    column: before.length - before.lastIndexOf("\n"),
    reason: reason ?? "unexpected text",
  };
}

function firstParseError(text: string): ParseError | undefined {
  const faults: ParseError[] = [];
  try {
    parse(text, faults, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  } catch {
    // It recurses, and so gives up on what is nested some thousand levels deep.
  }
  return faults[0];
}

/** `PropertyNameExpected` → `property name expected`. */
const words = (code: string) => code.replace(/(?!^)([A-Z])/g, " $1").toLowerCase();
