import type { ReadableStream } from "node:stream/web";
import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { nextTurn } from "./event-loop.ts";
import { FaultsError, MAX_COLLECTED } from "./faults.ts";
import { parseJsonBody } from "./json-body.http.ts";
import { currentRecord, QUESTIONS } from "./request-record.ts";
import type { Room } from "./room.ts";
import { schemaFaults } from "./schema-faults.ts";
import { holdBody, type SentBody, sentBytes } from "./sent-bytes.ts";
import { sizeFault } from "./size-fault.ts";

/** How the body of a question, a region, a mapping or a saved query is read. */
export interface BodyRules {
  room: Room;
  maxBytes: number;
  /** A slower sender is disconnected. */
  minBytesPerS: number;
  /** The largest area has so many vertices. */
  maxVertices: number;
  /** Throws if a question of the caller would not get its turn. */
  checkQuestion: () => void;
}

declare module "hono" {
  interface ContextVariableMap {
    /** Set by the app for every request. */
    bodies: BodyRules;
  }
}

/** The body of a request, unread. */
export function sentBody(c: Context): SentBody {
  const length = c.req.header("content-length");
  return {
    stream: c.req.raw.body as ReadableStream<Uint8Array> | null,
    contentLength: length === undefined ? undefined : Number(length),
    contentEncoding: c.req.header("content-encoding"),
  };
}

/** A larger body takes milliseconds to parse and to check: an area of 10,000 vertices, 400 KB, takes about 10 ms. */
const TAKES_ITS_TURN_BYTES = 16 * 1024;

/**
 * How large a body may be: so many times the largest question; or small, which is enough for one that holds no area, such as a
 * key or a password.
 */
export type BodySize = number | "small";

const SMALL_BYTES = 64 * 1024;

/** A vertex is an array of up to three numbers: three commas and a bracket. */
const VALUES_OF_A_VERTEX = 4;

/** Reads and parses query parameters by their schema. A repeated or unknown parameter is an error. */
export function readQuery<S extends z.ZodType>(c: Context, schema: S): z.output<S> {
  const given = Object.fromEntries(
    Object.entries(c.req.queries()).map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
  );
  return parseWith(schema, given, "invalid_parameter");
}

/**
 * Reads and parses a JSON body by its schema, whatever content type it was sent with.
 */
export async function readJson<S extends z.ZodType>(c: Context, schema: S, size: BodySize = 1): Promise<z.output<S>> {
  const bytes = await readBytes(c, size);
  const value = await parseBody(c, bytes, size === "small" ? 1 : size);
  if (bytes.length > TAKES_ITS_TURN_BYTES) await nextTurn();
  return parseWith(schema, value, "invalid_body");
}

/** Parses a body that was read, as `readJson` does; a long one in slices. */
export const parseBody = (c: Context, bytes: Buffer, factor = 1): Promise<unknown> =>
  parseJsonBody(bytes, VALUES_OF_A_VERTEX * factor * c.get("bodies").maxVertices + MOST.values);

/**
 * The body as text.
 *
 * @throws AppError body_too_large, invalid_encoding, request_timeout; too_many_requests if there is no room for it
 */
export async function readText(c: Context, size: BodySize = 1): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readBytes(c, size));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new AppError("invalid_encoding", "The body is not UTF-8.", {}, { cause: error });
  }
}

/**
 * The body of a question or a definition, held whole. A large one waits for a turn of the event loop that has time for it:
 * otherwise fifty that come together would be parsed in one, and `/livez` would wait for all of them.
 *
 * @throws AppError body_too_large, request_timeout; too_many_requests if there is no room for it; what a question gets
 * whose turn is not to be expected
 */
export async function readBytes(c: Context, size: BodySize = 1): Promise<Buffer> {
  const { room, minBytesPerS, checkQuestion, ...rules } = c.get("bodies");
  const maxBytes = size === "small" ? SMALL_BYTES : rules.maxBytes * size;
  const tooLarge = () => new AppError("body_too_large", `The body is larger than ${maxBytes} bytes.`);
  const length = Number(c.req.header("content-length") ?? 0);
  if (length > maxBytes) throw tooLarge();
  const stream = c.req.raw.body as ReadableStream<Uint8Array> | null;
  if (!stream) return Buffer.alloc(0);
  // Fifty clients who ask again and again about large areas would keep the process busy with questions that it refuses.
  if (length > TAKES_ITS_TURN_BYTES && QUESTIONS.has(currentRecord()?.tag ?? "")) checkQuestion();
  const hold = holdBody(room);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of sentBytes(stream, { minBytesPerS })) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge();
      await hold.grow(bytes);
      chunks.push(chunk);
    }
    if (bytes > TAKES_ITS_TURN_BYTES) await nextTurn();
    return Buffer.concat(chunks);
  } finally {
    hold.release();
  }
}

/**
 * A larger body is refused before its schema reads it, since a schema finds every fault. Vertices are counted
 * elsewhere.
 */
const MOST = { values: 50_000, depth: Number.POSITIVE_INFINITY };

/**
 * Parses a value by its schema.
 *
 * @throws FaultsError that names each wrong parameter or member
 */
export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  code: "invalid_parameter" | "invalid_body",
): z.output<S> {
  // A value of an unknown type is passed on, and another schema parses it later.
  const tooMuch = schema instanceof z.ZodUnknown ? undefined : sizeFault(value, MOST);
  if (tooMuch) throw new FaultsError(code, [tooMuch]);
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const member = code === "invalid_parameter" ? "parameter" : "member";
  throw new FaultsError(code, schemaFaults(parsed.error.issues.slice(0, MAX_COLLECTED), { member }));
}
