import { isUtf8 } from "node:buffer";
import { JSONParser } from "@streamparser/json";
import { AppError } from "../errors.ts";
import { breathe } from "./event-loop.ts";
import { FaultsError } from "./faults.ts";
import { notJson, parseJson } from "./json.ts";

/**
 * A body with more commas and brackets is parsed in slices: `JSON.parse` takes 0.7 s for the million pairs of numbers that a
 * body of 6 MB can hold. An area of 10,000 vertices, 5 ms, has 30,000; as many members of an object take 11 ms.
 */
const MAX_MARKS_AT_ONCE = 32_000;
const COUNTED_BYTES = 256 * 1024;
/** The first fault of a longer text is searched for in slices: a search in one go takes 0.8 s for 6 MB of spaces. */
const MAX_BYTES_SEARCHED = 64 * 1024;
/** A slice of this size takes 6 ms at most. */
const SLICE_BYTES = 16 * 1024;

const MARKS = flagsOf(",[{");
const NEWLINES = flagsOf("\n");

/**
 * Parses a body as JSON. The result is that of `JSON.parse`; other requests get their turns meanwhile.
 *
 * @param maxValues a body with more commas and brackets is refused unparsed
 * @param maxMarksAtOnce a body with more of them is parsed in slices
 * @throws AppError invalid_encoding; invalid_json with the place of the first fault; FaultsError if there are too many values
 */
export async function parseJsonBody(
  bytes: Buffer,
  maxValues: number,
  maxMarksAtOnce = MAX_MARKS_AT_ONCE,
): Promise<unknown> {
  const marks = await count(MARKS, bytes);
  if (marks > maxValues)
    throw new FaultsError("invalid_body", [{ field: "", detail: `it has more than ${maxValues} values` }]);
  if (!isUtf8(bytes)) throw new AppError("invalid_encoding", "The body is not UTF-8.");
  if (marks > maxMarksAtOnce) return parseInSlices(bytes);
  const text = new TextDecoder().decode(bytes);
  if (bytes.length <= MAX_BYTES_SEARCHED) return parseJson(text);
  try {
    return JSON.parse(text);
  } catch {
    return parseInSlices(bytes);
  }
}

function flagsOf(characters: string): Uint8Array {
  const flags = new Uint8Array(256);
  for (const one of characters) flags[one.charCodeAt(0)] = 1;
  return flags;
}

/** Counts the bytes that are flagged, in steps: the 6 MB of the largest question take 30 ms. */
async function count(flags: Uint8Array, bytes: Buffer): Promise<number> {
  let sum = 0;
  for (let from = 0; from < bytes.length; from += COUNTED_BYTES) {
    if (from > 0) await breathe();
    for (const byte of bytes.subarray(from, from + COUNTED_BYTES)) sum += flags[byte] as number;
  }
  return sum;
}

async function parseInSlices(bytes: Buffer): Promise<unknown> {
  const parser = new JSONParser({
    ...{ paths: ["$"], keepStack: false },
    ...{ stringBufferSize: SLICE_BYTES, numberBufferSize: 64 },
  });
  let whole: { value: unknown } | undefined;
  let isFaulty = false;
  let offset = 0;
  parser.onValue = ({ value }) => {
    whole = { value };
  };
  parser.onToken = (token) => {
    if (!isFaulty) offset = token.offset;
  };
  parser.onError = ({ message }) => {
    isFaulty = true;
    offset = Number(/absolute position "(\d+)"/.exec(message)?.[1] ?? offset);
  };
  for (let at = 0; at < bytes.length && !isFaulty; at += SLICE_BYTES) {
    parser.write(bytes.subarray(at, at + SLICE_BYTES));
    await breathe();
  }
  if (whole && !isFaulty) return whole.value;
  throw notJson(await placeOf(bytes, whole || isFaulty ? offset : bytes.length), "unexpected text");
}

async function placeOf(bytes: Buffer, offset: number): Promise<{ line: number; column: number }> {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: 1 + (await count(NEWLINES, before)), column: before.toString("utf8", lineStart).length + 1 };
}
