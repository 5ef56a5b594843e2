import { isUtf8 } from "node:buffer";
import { JSONParser } from "@streamparser/json";
import { AppError } from "../errors.ts";
import { breathe } from "./event-loop.ts";
import { FaultsError } from "./faults.ts";
import { notJson, parseJson } from "./json.ts";

/**
 * A body with more commas and brackets is parsed in slices: `JSON.parse` takes 0.7 s for the million pairs of numbers that a
 * body of 6 MB can hold. An area of 10,000 vertices has 30,000 and takes 5 ms.
 */
const MAX_MARKS_AT_ONCE = 32_000;
/** A member of an object counts as so many: 31,000 with names of 120 characters take 40 to 90 ms. */
const MARKS_OF_A_MEMBER = 8;
const COUNTED_BYTES = 256 * 1024;
/** The first fault of a longer text is searched for in slices: a search in one go takes 0.8 s for 6 MB of spaces. */
const MAX_BYTES_SEARCHED = 64 * 1024;
/** A slice of this size takes 6 ms at most. */
const SLICE_BYTES = 16 * 1024;

const MARKS = kindsOf(",[{", ":");
const NEWLINES = kindsOf("\n");

/**
 * Parses a body as JSON. The result is that of `JSON.parse`, but that texts of a long body lose a U+FEFF they begin with.
 * Other requests get their turns meanwhile.
 *
 * @param maxValues a body with more commas and brackets is refused unparsed
 * @param maxMarksAtOnce a body with more of them is parsed in slices; a member of an object counts as eight
 * @throws AppError invalid_encoding; invalid_json with the place of the first fault; FaultsError if there are too many values
 */
export async function parseJsonBody(
  bytes: Buffer,
  maxValues: number,
  maxMarksAtOnce = MAX_MARKS_AT_ONCE,
): Promise<unknown> {
  const [marks = 0, members = 0] = await count(MARKS, bytes);
  if (marks > maxValues)
    throw new FaultsError("invalid_body", [{ field: "", detail: `it has more than ${maxValues} values` }]);
  if (!isUtf8(bytes)) throw new AppError("invalid_encoding", "The body is not UTF-8.");
  if (marks + members * MARKS_OF_A_MEMBER > maxMarksAtOnce) return parseInSlices(bytes);
  const text = new TextDecoder().decode(bytes);
  if (bytes.length <= MAX_BYTES_SEARCHED) return parseJson(text);
  try {
    return JSON.parse(text);
  } catch {
    return parseInSlices(bytes);
  }
}

/** A table of bytes: 1 for those of the first characters, 2 for those of the second ones, and so on. */
function kindsOf(...characters: string[]): Uint8Array {
  const kinds = new Uint8Array(256);
  for (const [i, some] of characters.entries()) for (const one of some) kinds[one.charCodeAt(0)] = i + 1;
  return kinds;
}

/** Counts the bytes of each kind, in steps: the 6 MB of the largest question take 30 ms. */
async function count(kinds: Uint8Array, bytes: Buffer): Promise<number[]> {
  const sums = new Uint32Array(3);
  for (let from = 0; from < bytes.length; from += COUNTED_BYTES) {
    if (from > 0) await breathe();
    for (const byte of bytes.subarray(from, from + COUNTED_BYTES)) (sums[kinds[byte] as number] as number)++;
  }
  return [...sums.subarray(1)];
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
    // A second fault follows the first, since the parser goes on.
    if (isFaulty) return;
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
  const [newlines = 0] = await count(NEWLINES, before);
  return { line: 1 + newlines, column: before.toString("utf8", lineStart).length + 1 };
}
