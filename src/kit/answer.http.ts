import type { Context } from "hono";
import { breathe } from "./event-loop.ts";
import type { LogError } from "./on-error.http.ts";
import { createPace, type Pace } from "./pace.http.ts";
import type { Room } from "./room.ts";

/** The dependencies for writing an answer. */
export interface AnswerDeps {
  room: Room;
  /** A slower reader is disconnected. 0: no reader is disconnected for its speed. */
  minBytesPerS: number;
  /** Parts are made ahead of their readers while all answers together hold no more than this. */
  maxAheadBytes: number;
  logError: LogError;
}

export interface AnswerOptions {
  contentType: string;
  headers?: Record<string, string>;
  /** Whether the parts come out of an open transaction. Nothing else can use its session meanwhile. */
  holdsSession?: boolean;
}

/** The parts of an answer. */
export type Parts = AsyncGenerator<string | Uint8Array> | Generator<string | Uint8Array>;

const bytesOf = (part: string | Uint8Array): Buffer =>
  typeof part === "string" ? Buffer.from(part) : Buffer.from(part.buffer, part.byteOffset, part.byteLength);

/** A socket takes this much at once. A smaller answer needs no room. */
const SMALL = 64 * 1024;
/** Bytes that are made before the reply begins. A fault until then gets its own error reply. */
const FIRST = 1024 * 1024;
/** Bytes written at a time. A reader that takes them has not stopped. */
const CHUNK = 32 * 1024;
/** A reader that keeps a session from others must be faster. */
const SESSION_PACE = { bytesPerS: 64 * 1024, maxPauseMs: 10_000 };
const MAX_PAUSE_MS = 60_000;

/**
 * Replies with an answer that is made in parts of at most some hundred kilobytes. A small answer is made whole. For a
 * larger one only the next bytes for its reader are held, in room that is taken for them. If the client goes away, the
 * parts are ended. If a part fails or the reader is too slow, the connection is broken off, so that a partial answer
 * never passes for the whole.
 *
 * @throws AppError too_many_requests if there is no room for it; any error of the first parts
 */
export async function sendAnswer(
  c: Context,
  deps: AnswerDeps,
  parts: Parts,
  { contentType, headers = {}, holdsSession = false }: AnswerOptions,
): Promise<Response> {
  const all = { "content-type": contentType, ...headers };
  const hold = deps.room.hold("answers");
  const first: Buffer[] = [];
  let bytes = 0;
  let isWhole = false;
  try {
    while (bytes < FIRST && !isWhole) {
      await breathe();
      const { done, value } = await parts.next();
      if (done) isWhole = true;
      else {
        const part = bytesOf(value);
        first.push(part);
        bytes += part.length;
      }
    }
    if (bytes > SMALL) await hold.take(bytes);
  } catch (error) {
    hold.release();
    await parts.return(undefined);
    throw error;
  }
  if (c.req.method === "HEAD" || (isWhole && bytes <= SMALL)) {
    hold.release();
    await parts.return(undefined);
    return c.req.method === "HEAD" ? c.body(null, 200, all) : c.body(Buffer.concat(first), 200, all);
  }
  const outgoing = (c.env as { outgoing?: { destroy(): void } } | undefined)?.outgoing;
  const writer = new AnswerWriter(first, isWhole ? undefined : parts, hold, deps, holdsSession, c.req);
  return c.body(writer.stream(outgoing && (() => outgoing.destroy())), 200, all);
}

class AnswerWriter {
  readonly #queue: Buffer[];
  readonly #parts: Parts | undefined;
  readonly #hold: ReturnType<Room["hold"]>;
  readonly #deps: AnswerDeps;
  readonly #request: { method: string; path: string };
  /** Bytes that are kept until all parts are made. They are enough to go on slowly. */
  readonly #least: number;
  #queued: number;
  #isMade: boolean;
  #pace: Pace;
  #isOver = false;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Ends the connection, if there is one. This also ends the wait of the stream's consumer. */
  #cutOff: (() => void) | undefined;
  /** Wakes the reader that waits for a part, or the maker that waits for space in the queue. */
  #wakeReader = () => {};
  #wakeMaker = () => {};

  constructor(
    first: Buffer[],
    parts: Parts | undefined,
    hold: ReturnType<Room["hold"]>,
    deps: AnswerDeps,
    holdsSession: boolean,
    request: { method: string; path: string },
  ) {
    this.#queue = first;
    this.#queued = first.reduce((sum, part) => sum + part.length, 0);
    this.#parts = parts;
    this.#isMade = parts === undefined;
    this.#hold = hold;
    this.#least = hold.bytes;
    this.#deps = deps;
    this.#request = request;
    const isHeld = holdsSession && parts !== undefined;
    this.#pace = createPace(isHeld ? SESSION_PACE : this.#slowest(), () => this.#fail(undefined));
  }

  stream(cutOff: (() => void) | undefined): ReadableStream<Uint8Array> {
    this.#cutOff = cutOff;
    if (this.#parts) void this.#make(this.#parts);
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#end(),
      },
      { highWaterMark: 0 },
    );
  }

  #slowest() {
    return { bytesPerS: this.#deps.minBytesPerS, maxPauseMs: MAX_PAUSE_MS };
  }

  /** Makes parts as long as there is space for them. */
  async #make(parts: Parts): Promise<void> {
    try {
      for (;;) {
        await breathe();
        const { done, value } = await parts.next();
        if (this.#isOver) return;
        if (done) break;
        const part = bytesOf(value);
        await this.#space(part.length);
        if (this.#isOver) return;
        this.#queue.push(part);
        this.#queued += part.length;
        this.#wakeReader();
      }
      this.#isMade = true;
      this.#hold.keep(this.#queued);
      this.#pace.change(this.#slowest());
      this.#wakeReader();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #space(bytes: number): Promise<void> {
    for (;;) {
      const needed = this.#queued + bytes;
      if (this.#isOver || needed <= this.#hold.bytes || this.#queue.length === 0) return;
      const more = needed - this.#hold.bytes;
      const { room, maxAheadBytes } = this.#deps;
      if (room.held().answers + more <= maxAheadBytes && this.#hold.tryTake(more)) return;
      await new Promise<void>((resolve) => {
        this.#wakeMaker = resolve;
      });
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#pace.isAskedFor();
    while (this.#queue.length === 0 && !this.#isMade && !this.#isOver) {
      this.#pace.waitsForUs();
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    if (this.#isOver) return;
    const [part] = this.#queue;
    if (!part) {
      void this.#end();
      controller.close();
      return;
    }
    const chunk = part.subarray(0, CHUNK);
    if (chunk.length === part.length) this.#queue.shift();
    else this.#queue[0] = part.subarray(CHUNK);
    this.#queued -= chunk.length;
    this.#hold.keep(Math.max(this.#queued, this.#isMade ? 0 : this.#least));
    this.#pace.gives(chunk.length);
    controller.enqueue(chunk);
    this.#wakeMaker();
  }

  /** @param error undefined if it is the reader's fault */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    if (error !== undefined) this.#deps.logError(error, this.#request);
    void this.#end();
    if (this.#cutOff) this.#cutOff();
    else this.#controller?.error(error ?? new Error("The reader is too slow."));
  }

  async #end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pace.stop();
    this.#hold.release();
    this.#queue.length = 0;
    this.#wakeMaker();
    this.#wakeReader();
    try {
      await this.#parts?.return(undefined);
    } catch (error) {
      this.#deps.logError(error, this.#request);
    }
  }
}
