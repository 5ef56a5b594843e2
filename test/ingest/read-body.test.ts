import { ReadableStream } from "node:stream/web";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { SentBody } from "../../src/batch.ts";
import { readBody } from "../../src/ingest/read-body.ts";

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

describe("a body", () => {
  it("is text, however it is cut, packed or not", async () => {
    const text = "Köln, München, 東京 😀";
    const bytes = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
    expect(await readBody(sent(bytes), MB)).toBe(text);
    for (const contentEncoding of ["gzip", " GZIP ", "x-gzip"]) {
      expect(await readBody(sent([gzipSync(text)], { contentEncoding }), MB)).toBe(text);
    }
    expect(await readBody(sent([Buffer.from(text)], { contentEncoding: "identity" }), MB)).toBe(text);
  });

  it("may be nothing at all", async () => {
    expect(await readBody({ stream: null, contentLength: undefined, contentEncoding: undefined }, MB)).toBe("");
  });

  it("may be as long as the limit", async () => {
    expect(await readBody(sent([Buffer.alloc(MB, "x")], { contentLength: MB }), MB)).toHaveLength(MB);
  });

  it("of an announced length over the limit is refused before any of it is read", async () => {
    const body = sent(endless(Buffer.alloc(1024)), { contentLength: MB + 1 });
    await expect(readBody(body, MB)).rejects.toMatchObject({ code: "body_too_large", extra: { max_bytes: MB } });
    expect(body.read()).toBe(0);
  });

  it("that turns out longer than the limit is refused there, and not read on", async () => {
    const body = sent(endless(Buffer.alloc(64 * 1024)), { contentLength: 10 });
    await expect(readBody(body, MB)).rejects.toMatchObject({ code: "body_too_large" });
    expect(body.read()).toBeLessThan(2 * MB);
  });

  it("that unpacks past the limit is refused there", async () => {
    const packed = gzipSync(Buffer.alloc(200 * MB), { level: 1 });
    expect(packed.length).toBeLessThan(MB);
    const before = process.memoryUsage().rss;
    await expect(readBody(sent([packed], { contentEncoding: "gzip" }), MB)).rejects.toMatchObject({
      code: "body_too_large",
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MB);
  });

  it.each([
    ["is no gzip", Buffer.from("plain"), "gzip", "invalid_encoding"],
    ["is gzip cut short", gzipSync("x".repeat(1000)).subarray(0, 20), "gzip", "invalid_encoding"],
    ["is no UTF-8", Buffer.from([0x61, 0xff, 0xfe]), undefined, "invalid_encoding"],
    ["is UTF-8 cut short", Buffer.from("ü").subarray(0, 1), undefined, "invalid_encoding"],
    ["is packed in another way", Buffer.from("x"), "br", "unsupported_encoding"],
    ["is packed twice", gzipSync(gzipSync("x")), "gzip, gzip", "unsupported_encoding"],
  ])("that %s is refused", async (_, bytes, contentEncoding, code) => {
    await expect(readBody(sent([bytes], { contentEncoding }), MB)).rejects.toMatchObject({ code });
  });

  it("whose sender goes away is an error of the connection", async () => {
    const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) });
    for (const contentEncoding of [undefined, "gzip"]) {
      const body = { stream, contentLength: undefined, contentEncoding };
      await expect(readBody(body, MB)).rejects.toThrow();
    }
  });
});
