import { type ParseErrorCode, printParseErrorCode, visit } from "jsonc-parser";
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

interface ParseFault {
  error: ParseErrorCode;
  offset: number;
}

function firstParseError(text: string): ParseFault | undefined {
  let first: ParseFault | undefined;
  // Thrown to end it there: every comma of `[,,,,` would be a fault of its own.
  const onError = (error: ParseErrorCode, offset: number) => {
    first = { error, offset };
    throw first;
  };
  try {
    visit(text, { onError }, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  } catch {
    // A fault, or more levels than it can follow: it recurses, and gives up at some thousand.
  }
  return first;
}

/** `PropertyNameExpected` → `property name expected`. */
const words = (code: string) => code.replace(/(?!^)([A-Z])/g, " $1").toLowerCase();
