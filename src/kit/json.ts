import { type ParseErrorCode, printParseErrorCode, visit } from "jsonc-parser";
import { AppError } from "../errors.ts";

/**
 * Parses JSON.
 *
 * @throws AppError invalid_json with the line and column, counted from 1, of the first fault
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { before, reason } = firstFault(text, error as Error);
    throw notJson(placeAfter(before), reason);
  }
}

/** The error for a text that is not JSON. Its line and column, counted from 1, are those of the first fault. */
export function notJson(place: { line: number; column: number }, reason: string): AppError {
  const { line, column } = place;
  return new AppError("invalid_json", `The body is not JSON: ${reason} at line ${line}, column ${column}.`, place);
}

/** The place after a text. */
const placeAfter = (before: string) => ({
  line: before.split("\n").length,
  column: before.length - before.lastIndexOf("\n"),
});

/** V8 reports a position only sometimes. A tolerant parser always does. */
function firstFault(text: string, error: Error): { before: string; reason: string } {
  const fault = faultIn(text);
  const reason = fault?.reason ?? error.message.split(" in JSON")[0] ?? "unexpected text";
  return { before: text.slice(0, fault?.offset ?? text.length), reason };
}

/** The first fault of a text as JSON. Undefined: there is none, or the text is nested too deeply to be parsed. */
export function faultIn(text: string): { offset: number; reason: string } | undefined {
  const fault = firstParseError(text);
  return fault && { offset: fault.offset, reason: words(printParseErrorCode(fault.error)) };
}

interface ParseFault {
  error: ParseErrorCode;
  offset: number;
}

function firstParseError(text: string): ParseFault | undefined {
  let first: ParseFault | undefined;
  // The throw ends the parsing at the first fault. In `[,,,,` every further comma would be another one.
  const onError = (error: ParseErrorCode, offset: number) => {
    first = { error, offset };
    throw first;
  };
  try {
    visit(text, { onError }, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  } catch {
    // Either a fault, or too many levels: the parser recurses, and gives up at some thousand.
  }
  return first;
}

/** `PropertyNameExpected` → `property name expected`. */
const words = (code: string) => code.replace(/(?!^)([A-Z])/g, " $1").toLowerCase();
