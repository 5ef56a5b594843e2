import { isAscii, isUtf8 } from "node:buffer";
import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import { sequenceAt } from "./utf8.ts";

/** A character encoding by its name in the WHATWG Encoding Standard, in lower case: `utf-8`, `windows-1252`. */
export type Charset = string;

export const UTF8: Charset = "utf-8";

/**
 * The charset of a name that a sender gives.
 *
 * @param name such as `latin1`, `ISO-8859-1` or `UTF-16`; undefined or empty: none was given
 * @throws AppError invalid_parameter if no decoder has the name
 */
export function charsetNamed(name: string | undefined): Charset | undefined {
  if (name === undefined || name.trim() === "") return undefined;
  try {
    return new TextDecoder(name.trim()).encoding;
  } catch {
    const detail = `expected a character encoding such as utf-8, utf-16le or windows-1252, but got ${shown(name)}`;
    throw new AppError("invalid_parameter", `charset: ${detail}`, { errors: [{ field: "charset", detail }] });
  }
}

/** The charset that a content type names: `text/csv; charset=windows-1252`. */
export const charsetOfType = (contentType: string | undefined): Charset | undefined =>
  charsetNamed(/;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? "")?.[1]);

/** Looks at a text as it passes, to find its charset. */
export interface CharsetLook {
  add(bytes: Uint8Array): void;
  /** The charset, once all bytes have passed. */
  end(): Charset;
}

/** This many first bytes show whether every other byte is 0, as in UTF-16. */
const HEAD_BYTES = 4096;

/**
 * Creates a look at a text. A byte order mark decides, then the declared charset, then the bytes. Bytes that are UTF-8
 * are UTF-8. Otherwise the text is Windows-1252 if hardly a character beyond ASCII is UTF-8, as can be by chance, and
 * all others are letters or marks of Western texts. Otherwise it is UTF-8 with bad bytes, whose rows are rejected.
 *
 * @param declared what the sender says; undefined: nothing
 */
export function createCharsetLook(declared: Charset | undefined): CharsetLook {
  let head = Buffer.alloc(0);
  let rest = Buffer.alloc(0);
  let good = 0;
  let bad = 0;
  let western = 0;
  const judge = (bytes: Buffer, isLast: boolean) => {
    for (let at = 0; at < bytes.length; ) {
      const length = sequenceAt(bytes, at);
      if (length < 0 && !isLast) {
        rest = Buffer.from(bytes.subarray(at));
        return;
      }
      if (length > 1) good++;
      if (length <= 0) {
        bad++;
        if (isWestern(bytes[at] as number)) western++;
      }
      at += Math.max(length, 1);
    }
  };
  return {
    add: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)]);
      if (rest.length === 0 && isAscii(bytes)) return;
      if (rest.length === 0 && isUtf8(bytes)) good += charactersBeyondAscii(bytes);
      else {
        const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
        rest = Buffer.alloc(0);
        judge(all, false);
      }
    },
    end: () => {
      const last = rest;
      rest = Buffer.alloc(0);
      judge(last, true);
      const found = charsetOfMark(head) ?? declared ?? utf16In(head);
      if (found) return found;
      return bad > good * CHANCE && western === bad ? "windows-1252" : UTF8;
    },
  };
}

/** So many bad bytes outweigh a character that is UTF-8 by chance. */
const CHANCE = 4;

function charactersBeyondAscii(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0xc0) count++;
  return count;
}

/** The charset of a text that is held whole, as `createCharsetLook` finds it. */
export function charsetOf(bytes: Uint8Array, declared: Charset | undefined): Charset {
  const look = createCharsetLook(declared);
  look.add(bytes);
  return look.end();
}

/** The charset of a byte order mark. Undefined: the text begins with none. */
function charsetOfMark(head: Uint8Array): Charset | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return UTF8;
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  return head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : undefined;
}

/** UTF-16 without a mark: in a table of trips most characters are ASCII, so every other byte is 0. */
function utf16In(head: Uint8Array): Charset | undefined {
  if (head.length < 4 || !head.includes(0)) return undefined;
  const zeros = [0, 0];
  for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 2] = (zeros[i % 2] as number) + 1;
  const [even = 0, odd = 0] = zeros.map((count) => count / (head.length / 2));
  if (odd > 0.6 && even < 0.1) return "utf-16le";
  return even > 0.6 && odd < 0.1 ? "utf-16be" : undefined;
}

/** Letters and marks of Western texts in Windows-1252, without those that hardly occur: ×, ÷ and ÿ. */
function isWestern(byte: number): boolean {
  if (byte >= 0xc0) return byte !== 0xd7 && byte !== 0xf7 && byte !== 0xff;
  if (byte >= 0xa0) return true;
  return byte >= 0x80 && ![0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte);
}

/**
 * Turns a text into UTF-8 as it passes, without its byte order mark. UTF-8 passes as it is, bad bytes too: the rows
 * that hold them are rejected where rows are read.
 */
export async function* toUtf8(bytes: AsyncIterable<Buffer>, charset: Charset): AsyncGenerator<Buffer> {
  if (charset === UTF8) {
    yield* bytes;
    return;
  }
  const decode = decoderOf(charset);
  for await (const chunk of bytes) {
    const text = decode(chunk, true);
    if (text !== "") yield Buffer.from(text);
  }
  const last = decode(Buffer.alloc(0), false);
  if (last !== "") yield Buffer.from(last);
}

/** The characters of the bytes 0x80 to 0x9f in Windows-1252. Some versions of Node decode them as Latin-1. */
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** Decodes a text piece by piece. The last piece is decoded with `more` false. */
export function decoderOf(charset: Charset): (bytes: Uint8Array, more: boolean) => string {
  const decoder = new TextDecoder(charset);
  const decode = (bytes: Uint8Array, more: boolean) => decoder.decode(bytes, { stream: more });
  if (charset !== "windows-1252") return decode;
  return (bytes, more) =>
    decode(bytes, more).replace(/[\u0080-\u009f]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? char);
}

/** Turns a text that is held whole into UTF-8. */
export const wholeToUtf8 = (bytes: Buffer, charset: Charset): Buffer =>
  charset === UTF8 ? bytes : Buffer.from(decoderOf(charset)(bytes, false));
