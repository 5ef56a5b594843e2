import type { ReadableStream } from "node:stream/web";
import { AppError } from "../errors.ts";
import type { Hold, Room } from "./room.ts";
import { within } from "./within.ts";

/** A sender has this long before its rate counts. */
const GRACE_S = 10;
/**
 * Fast sending earns at most this much waiting time, so that its first megabytes cannot keep a connection open for
 * hours.
 */
const MAX_PATIENCE_S = 120;

/** Bodies up to this size take no room. Their number is limited by the number of accepted requests. */
export const SMALL_BYTES = 16 * 1024;
/** Room is taken in steps of this size: a few times for each body, and not for each packet. */
const STEP_BYTES = 64 * 1024;

/** A request's body before it is read. */
export interface SentBody {
  stream: ReadableStream<Uint8Array> | null;
  /** The length that the sender declares. */
  contentLength: number | undefined;
  /** Undefined, `identity` or `gzip`. */
  contentEncoding: string | undefined;
}

export interface Rate {
  /** A slower sender is disconnected. 0: only a sender that sends nothing for two minutes. */
  minBytesPerS: number;
}

export interface ReadingRate extends Rate {
  /** Ends the reading at once, even while the sender sends nothing. */
  signal?: AbortSignal;
}

/**
 * The bytes of a body as they come. Only the time spent waiting for the sender counts: while a slow database delays the
 * reading, the sender cannot send.
 *
 * @throws AppError invalid_body if the body breaks off; request_timeout if it comes too slowly; the reason of the
 * signal
 */
export async function* sentBytes(
  stream: ReadableStream<Uint8Array>,
  { minBytesPerS, signal }: ReadingRate,
  graceS = GRACE_S,
  maxPatienceS = MAX_PATIENCE_S,
): AsyncGenerator<Buffer> {
  const reader = stream.getReader();
  let patienceMs = (minBytesPerS > 0 ? graceS : maxPatienceS) * 1000;
  try {
    for (;;) {
      const began = performance.now();
      const { done, value } = await readWithin(reader.read(), patienceMs, signal);
      if (done) return;
      patienceMs -= performance.now() - began;
      const earnedMs = minBytesPerS > 0 ? (value.length / minBytesPerS) * 1000 : maxPatienceS * 1000;
      patienceMs = Math.min(patienceMs + earnedMs, maxPatienceS * 1000);
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } finally {
    // The rest is not read: the connection is closed once the reply is sent.
    reader.releaseLock();
  }
}

async function readWithin<T>(reading: Promise<T>, patienceMs: number, signal: AbortSignal | undefined): Promise<T> {
  const late = () => {
    throw tooSlowly();
  };
  try {
    return await within(reading, patienceMs, late, signal);
  } catch (error) {
    if (error instanceof AppError || signal?.aborted) throw error;
    throw new AppError("invalid_body", "The body broke off before its end.", {}, { cause: error });
  }
}

const tooSlowly = () =>
  new AppError("request_timeout", "The body comes too slowly, or nothing of it comes; nothing was stored.");

/** Room for one body, taken as its bytes come. */
export interface BodyHold {
  /**
   * @param bytes all bytes of the body that are held now
   * @throws AppError too_many_requests if there is no room for them
   */
  grow(bytes: number): Promise<void>;
  release(): void;
}

export function holdBody(room: Room): BodyHold {
  const hold: Hold = room.hold("bodies");
  // The hold counts no bytes beyond its share, so the requested bytes are counted here.
  let asked = 0;
  return {
    grow: async (bytes) => {
      if (bytes <= SMALL_BYTES || bytes <= asked) return;
      const wanted = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
      const more = wanted - asked;
      asked = wanted;
      await hold.take(more);
    },
    release: () => hold.release(),
  };
}
