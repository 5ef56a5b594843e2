import { isUtf8 } from "node:buffer";
import { JSONParser } from "@streamparser/json";
import { AppError } from "../errors.ts";
import { breathe } from "./breathe.ts";
import { FaultsError } from "./faults.ts";
import { notJson, parseJson } from "./json.ts";

/**
 * A body with more commas and brackets is parsed in slices. With as many, `JSON.parse` takes about 20 ms; it takes 0.7 s
 * for the million pairs of numbers that a body of 6 MB can hold, and the event loop would stand still.
 */
const MAX_MARKS_AT_ONCE = 60_000;
/** A slice of this size takes 6 ms at most. */
const SLICE_BYTES = 16 * 1024;

const MARKS = new Uint8Array(256);
for (const mark of ",[{") MARKS[mark.charCodeAt(0)] = 1;

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
  const marks = countMarks(bytes);
  if (marks > maxValues)
    throw new FaultsError("invalid_body", [{ field: "", detail: `it has more than ${maxValues} values` }]);
  if (!isUtf8(bytes)) throw new AppError("invalid_encoding", "The body is not UTF-8.");
  return marks > maxMarksAtOnce ? parseInSlices(bytes) : parseJson(new TextDecoder().decode(bytes));
}

function countMarks(bytes: Buffer): number {
  let marks = 0;
  for (const byte of bytes) marks += MARKS[byte] as number;
  return marks;
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
  parser.onError = () => {
    isFaulty = true;
  };
  for (let at = 0; at < bytes.length && !isFaulty; at += SLICE_BYTES) {
    parser.write(bytes.subarray(at, at + SLICE_BYTES));
    await breathe();
  }
  if (whole && !isFaulty) return whole.value;
  throw notJson(bytes.subarray(0, whole || isFaulty ? offset : bytes.length).toString("utf8"), "unexpected text");
}
