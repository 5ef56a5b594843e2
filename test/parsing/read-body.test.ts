import { ReadableStream } from "node:stream/web";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { SentBody } from "../../src/kit/sent-bytes.ts";
import { type BodyHead, decode, readHead, unpack, unpackWhole } from "../../src/parsing/read-body.ts";

const MB = 1024 * 1024;

function sent(parts: Iterable<Uint8Array>, more: Partial<SentBody> = {}): SentBody & { read: () => number } {
  let read = 0;
  const iterator = parts[Symbol.iterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done) return controller.close();
        read += value.length;
        controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, contentLength: undefined, contentEncoding: undefined, ...more, read: () => read };
}

function* endless(part: Uint8Array) {
  for (;;) yield part;
}

async function* inPieces(bytes: Buffer, size = 7) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function joined(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** The bytes of a body that is read to its end. */
const allOf = async ({ bytes, rest }: BodyHead) => Buffer.concat([bytes, rest ? await joined(rest) : Buffer.alloc(0)]);

/** The text of a body that is held whole. */
async function textOf(body: SentBody, maxBytes = MB): Promise<string | undefined> {
  const head = await readHead(body, maxBytes, maxBytes);
  const whole = head.rest ? undefined : await unpackWhole(head.bytes, body.contentEncoding, maxBytes);
  return whole && decode(whole);
}

describe("a body", () => {
  it("is text, however it is cut, packed or not", async () => {
    const text = "Köln, München, 東京 😀";
    const bytes = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
    expect(await textOf(sent(bytes))).toBe(text);
    for (const contentEncoding of ["gzip", " GZIP ", "x-gzip"]) {
      expect(await textOf(sent([gzipSync(text)], { contentEncoding }))).toBe(text);
    }
    expect(await textOf(sent([Buffer.from(text)], { contentEncoding: "identity" }))).toBe(text);
  });

  it("may be nothing at all", async () => {
    expect(await textOf({ stream: null, contentLength: undefined, contentEncoding: undefined })).toBe("");
    expect(await textOf(sent([]))).toBe("");
  });

  it("may be as long as the limit", async () => {
    expect(await textOf(sent([Buffer.alloc(MB, "x")], { contentLength: MB }))).toHaveLength(MB);
  });

  it("of an announced length over the limit is refused before any of it is read", async () => {
    const body = sent(endless(Buffer.alloc(1024)), { contentLength: MB + 1 });
    await expect(readHead(body, MB, MB)).rejects.toMatchObject({ code: "body_too_large", extra: { max_bytes: MB } });
    expect(body.read()).toBe(0);
  });

  it("that turns out longer than its head is read further only when the rest is asked for", async () => {
    const body = sent(endless(Buffer.alloc(64 * 1024)), { contentLength: 10 });
    const { bytes, rest } = await readHead(body, MB, 100 * MB);
    expect(bytes.length).toBeGreaterThan(MB);
    expect(body.read()).toBeLessThan(2 * MB);
    expect(await rest?.[Symbol.asyncIterator]().next()).toMatchObject({ done: false });
  });

  it.each([0, 1, 5, 10, 11])("is complete with its head of %i bytes and its rest, if it has one", async (headBytes) => {
    const parts = ["01", "234", "", "56789"].map((part) => Buffer.from(part)).filter((part) => part.length > 0);
    const head = await readHead(sent(parts), headBytes, MB);
    expect(head.rest === undefined).toBe(headBytes >= 10);
    expect((await allOf(head)).toString()).toBe("0123456789");
  });

  it.each([
    ["is packed in another way", Buffer.from("x"), "br"],
    ["is packed twice", gzipSync(gzipSync("x")), "gzip, gzip"],
  ])("that %s is refused unread", async (_, bytes, contentEncoding) => {
    const body = sent([bytes], { contentEncoding });
    await expect(readHead(body, MB, MB)).rejects.toMatchObject({ code: "unsupported_encoding" });
    expect(body.read()).toBe(0);
  });

  it("whose sender goes away is not an internal error", async () => {
    let pulls = 0;
    const goneAfter = (parts: number) =>
      new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            if (pulls++ < parts) controller.enqueue(Buffer.alloc(1000));
            else controller.error(new Error("gone"));
          },
        },
        { highWaterMark: 0 },
      );
    for (const contentEncoding of [undefined, "gzip"]) {
      const sentBy = (stream: ReadableStream<Uint8Array>) => ({ stream, contentLength: undefined, contentEncoding });
      pulls = 0;
      await expect(readHead(sentBy(goneAfter(0)), MB, MB)).rejects.toMatchObject({ code: "invalid_body" });
      pulls = 0;
      const { rest } = await readHead(sentBy(goneAfter(3)), 1500, MB);
      await expect(joined(rest as AsyncIterable<Buffer>)).rejects.toMatchObject({ code: "invalid_body" });
    }
  });
});

describe("what is packed", () => {
  const text = Buffer.from("Köln, 東京 😀 ".repeat(5000));
  const packed = gzipSync(text);

  it("is unpacked whole, or as a stream however it is cut", async () => {
    expect(await unpackWhole(packed, "gzip", text.length)).toEqual(text);
    for (const size of [1, 7, packed.length]) {
      expect(await joined(unpack(inPieces(packed, size), true))).toEqual(text);
    }
  });

  it("takes a turn of the event loop for 128 KB of its bytes, not for each few", async () => {
    let pieces = 0;
    for await (const piece of unpack(inPieces(gzipSync(Buffer.alloc(8 * MB)), MB), true))
      pieces += Math.sign(piece.length);
    expect(pieces).toBe(64);
  });

  it("in several parts, as gzip may be, is unpacked to the end", async () => {
    const two = Buffer.concat([packed, gzipSync("end")]);
    expect((await unpackWhole(two, "gzip", MB))?.subarray(-3).toString()).toBe("end");
    expect((await joined(unpack(inPieces(two), true))).subarray(-3).toString()).toBe("end");
  });

  it("is nothing whole if that were over the limit, and does not take the memory for it", async () => {
    expect(await unpackWhole(packed, "gzip", text.length - 1)).toBeUndefined();
    expect(await unpackWhole(Buffer.alloc(11), undefined, 10)).toBeUndefined();
    const bomb = gzipSync(Buffer.alloc(200 * MB), { level: 1 });
    expect(bomb.length).toBeLessThan(MB);
    const before = process.memoryUsage().rss;
    expect(await unpackWhole(bomb, "gzip", MB)).toBeUndefined();
    let read = 0;
    for await (const part of unpack(inPieces(bomb, 64 * 1024), true)) {
      read += part.length;
      if (read > MB) break;
    }
    expect(read).toBeLessThan(2 * MB);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MB);
  });

  it.each([
    ["is no gzip", Buffer.from("plain")],
    ["is gzip cut short", packed.subarray(0, -9)],
    ["is gzip that is broken", Buffer.concat([packed.subarray(0, 30), Buffer.alloc(30, 255), packed.subarray(60)])],
    ["is nothing", Buffer.alloc(0)],
  ])("but %s is refused", async (_, bytes) => {
    await expect(unpackWhole(bytes, "gzip", MB)).rejects.toMatchObject({ code: "invalid_encoding" });
    await expect(joined(unpack(inPieces(bytes), true))).rejects.toMatchObject({ code: "invalid_encoding" });
  });

  it("passes an error of its source on, and closes the source when its reader stops", async () => {
    let closed = 0;
    async function* source(failing: boolean) {
      try {
        yield packed.subarray(0, 50);
        if (failing) throw new Error("gone");
        for (;;) yield gzipSync("more");
      } finally {
        closed++;
      }
    }
    await expect(joined(unpack(source(true), true))).rejects.toThrow("gone");
    expect(closed).toBe(1);
    for await (const part of unpack(source(false), true)) if (part.length > 0) break;
    await expect.poll(() => closed).toBe(2);
  });

  it("is passed on as it is, if it is not packed", async () => {
    expect(await joined(unpack(inPieces(text), false))).toEqual(text);
  });
});

describe("text", () => {
  it.each([
    ["that is no UTF-8", Buffer.from([0x61, 0xff, 0xfe])],
    ["that is cut short", Buffer.from("ü").subarray(0, 1)],
    ["in UTF-16", Buffer.from("text", "utf16le").fill(0xd8, 1, 2)],
    ["with half of a surrogate pair", Buffer.from([0xed, 0xa0, 0x80])],
  ])("%s is refused", (_, bytes) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: "invalid_encoding" }));
  });

  it("comes without its byte order mark", () => {
    expect(decode(Buffer.from("\uFEFFa"))).toBe("a");
  });
});
