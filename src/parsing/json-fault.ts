import { AppError } from "../errors.ts";
import { faultIn } from "../kit/json.ts";

/** The search for the reason reads this many bytes: the tolerant parser that finds it cannot be interrupted. */
const LOOKED_AT = 128 * 1024;

/** A body that is not JSON, and the byte of the fault. A stream reader does not know lines: `located` counts them. */
export class BrokenJson extends AppError {
  readonly reason: string;
  readonly byte: number;

  constructor(reason: string, byte: number) {
    super("invalid_json", `The body is not JSON: ${reason} at byte ${byte + 1}.`);
    this.reason = reason;
    this.byte = byte;
  }
}

/**
 * Describes the fault of a body that is JSON up to a given place.
 *
 * @param before a stand-in for everything before that place, such as `[` or `[0,`
 * @param rest the bytes after that place, or the first of them
 * @param byte the position of that place
 */
export function brokenJson(before: string, rest: Buffer, byte: number): BrokenJson {
  const text = rest.toString("utf8", 0, LOOKED_AT);
  const fault = faultIn(before + text);
  const offset = (fault?.offset ?? 0) - before.length;
  const isCut = rest.length > LOOKED_AT && offset >= text.length - 1;
  if (!fault || isCut) return new BrokenJson("a value that is no JSON begins", byte);
  return new BrokenJson(fault.reason, byte + Buffer.byteLength(text.slice(0, Math.max(0, offset))));
}

/** Returns the same error with line and column, counted from 1 as in editors. */
export async function located(error: BrokenJson, body: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<AppError> {
  let left = error.byte;
  let line = 1;
  let column = 1;
  const decoder = new TextDecoder("utf-8");
  const count = (text: string) => {
    let last = -1;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      line++;
      last = at;
    }
    column = last < 0 ? column + text.length : text.length - last;
  };
  for await (const bytes of body) {
    if (left === 0) break;
    const part = bytes.subarray(0, left);
    left -= part.length;
    count(decoder.decode(part, { stream: true }));
  }
  return new AppError("invalid_json", `The body is not JSON: ${error.reason} at line ${line}, column ${column}.`, {
    line,
    column,
  });
}
