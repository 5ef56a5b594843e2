import { gzipSync } from "node:zlib";
import kafkajs from "kafkajs";
import { describe, expect, test } from "vitest";
import { messageRow } from "../../src/broker/message-row.ts";
import { rejectedMessages } from "../../src/broker/rejected-message.ts";
import { readConfig } from "../../src/config.ts";
import type { Message } from "../../src/messaging/broker.ts";
import { brokerSettings } from "../../src/messaging/broker-settings.ts";
import { cutStretch } from "../../src/messaging/cut-stretch.ts";
import { addCodecs } from "../../src/messaging/kafka-codecs.ts";

const message = (position: number, value: Buffer | undefined = Buffer.from("{}")): Message => ({
  position,
  key: undefined,
  value,
  headers: {},
  sentAt: 0,
});

describe("a stretch", () => {
  const messages = [3, 4, 9, 10, 11].map((position) => message(position, Buffer.alloc(position)));

  test("is cut by messages and by bytes, without a gap between the parts", () => {
    const parts = cutStretch({ from: 1, next: 20, messages }, 3, 14);
    expect(parts.map(({ from, next, messages }) => [from, next, messages.map(({ position }) => position)])).toEqual([
      [1, 9, [3, 4]],
      [9, 10, [9]],
      [10, 11, [10]],
      [11, 20, [11]],
    ]);
  });

  test("without messages moves the position all the same", () => {
    expect(cutStretch({ from: 1, next: 5, messages: [] })).toEqual([{ from: 1, next: 5, messages: [] }]);
  });
});

describe("a message", () => {
  const rowOf = (value: Buffer | string | undefined) =>
    messageRow(
      1,
      { ...message(0), value: typeof value === "string" ? Buffer.from(value) : value },
      { maxRowBytes: 30 },
    );

  test("is a row if it is one JSON object", () => {
    expect(rowOf('\uFEFF {"a": "ü"}\r\n')).toEqual({ row: 1, raw: "", record: { a: "ü" } });
  });

  test.each([
    ["{'a': 1}", "invalid_json"],
    ["", "invalid_json"],
    [undefined, "invalid_json"],
    ["[1]", "invalid_row"],
    ["null", "invalid_row"],
    [Buffer.from([0x7b, 0xff]), "invalid_text"],
    [`{"a": "${"x".repeat(40)}"}`, "invalid_row"],
  ])("%s is none: %s", (value, code) => {
    expect(rowOf(value)).toMatchObject({ fault: { code } });
  });

  test("that is rejected with any bytes in its key and headers has text there that the database takes", () => {
    const problem = { field: "row", code: "invalid_json", detail: "x" } as const;
    const sent = { ...message(7), key: Buffer.from([0, 1, 0xff]), headers: { "trace\0": "\0a\ud800" } };
    const [out] = rejectedMessages({ topic: "t", partition: 2 }, [
      { message: sent, problems: [problem], batchId: undefined },
    ]);
    expect(out?.key).toBe("\uFFFD\u0001\uFFFD");
    expect(out?.headers).toMatchObject({ "trace\uFFFD": "\uFFFDa\uFFFD" });
  });

  test("that is rejected keeps what it came with, in headers that every broker takes", () => {
    const problem = { field: "größe", code: "too_large", detail: "a\nb" } as const;
    const sent = { ...message(7), key: Buffer.from("k"), headers: { mine: "1" } };
    const [out] = rejectedMessages({ topic: "t", partition: 2 }, [
      { message: sent, problems: [problem, problem], batchId: "b" },
    ]);
    expect(out).toEqual({
      topic: "t.rejected",
      key: "k",
      value: sent.value,
      headers: {
        mine: "1",
        "tripgrid-id": "t/2/7",
        "tripgrid-topic": "t",
        "tripgrid-partition": "2",
        "tripgrid-position": "7",
        "tripgrid-reason": "too_large",
        "tripgrid-field": "gr??e",
        "tripgrid-detail": "a?b",
        "tripgrid-more-faults": "1",
        "tripgrid-batch": "b",
      },
    });
  });
});

describe("the settings", () => {
  const settingsOf = (env: Record<string, string>) => brokerSettings(readConfig(env));

  test("lead to the servers, with the usual ports", () => {
    expect(settingsOf({})).toBeUndefined();
    expect(settingsOf({ TRIPGRID_BROKER_URL: "kafka://a:1,b" })).toMatchObject({
      kind: "kafka",
      urls: ["a:1", "b:9092"],
    });
    expect(settingsOf({ TRIPGRID_BROKER_URL: "nats://[::1]" })).toMatchObject({ kind: "nats", urls: ["[::1]:4222"] });
    expect(settingsOf({ TRIPGRID_BROKER_URL: "nats://a", TRIPGRID_BROKER_TLS: "true" })?.tls).toBeDefined();
  });

  test.each(["amqp://a", "kafka://", "kafka://a b"])("%s is refused", (url) => {
    expect(() => readConfig({ TRIPGRID_BROKER_URL: url })).toThrow("TRIPGRID_BROKER_URL: expected kafka://HOST:PORT");
  });
});

describe("a compressed message", () => {
  addCodecs();
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const text = "trip ".repeat(100);
  const unpack = async (type: number, packed: Buffer) =>
    String(await CompressionCodecs[type as 2]?.().decompress(packed));

  test("by snappy is read, in Java's blocks too", async () => {
    // A literal of 5 bytes, and a copy of the other 495 from 5 bytes before, 64 at most at a time.
    const copies = [...Array(7).fill([0xfe, 5, 0]), [((495 - 7 * 64 - 1) << 2) | 2, 5, 0]].flat();
    const raw = Buffer.from([0xf4, 0x03, 4 << 2, ...Buffer.from("trip "), ...copies]);
    expect(await unpack(CompressionTypes.Snappy, raw)).toBe(text);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(raw.length);
    const java = Buffer.concat([
      Buffer.from([0x82, ...Buffer.from("SNAPPY"), 0, 0, 0, 0, 1, 0, 0, 0, 1]),
      size,
      raw,
      size,
      raw,
    ]);
    expect(await unpack(CompressionTypes.Snappy, java)).toBe(text + text);
    await expect(unpack(CompressionTypes.Snappy, Buffer.from([0xff, 0xff]))).rejects.toThrow();
  });

  test("that would unpack to more than memory should hold is refused", async () => {
    const size = 200 * 1024 * 1024;
    await expect(unpack(CompressionTypes.GZIP, gzipSync(Buffer.alloc(size)))).rejects.toThrow();
    // The length alone, as snappy begins with it.
    const varint = Buffer.from([0x80, 0x80, 0x80, 0x64]);
    await expect(unpack(CompressionTypes.Snappy, varint)).rejects.toThrow(/too big/);
    // One frame of zstd: blocks of 128 KB, each a repeated byte.
    const block = Buffer.from([0x02, 0x00, 0x10, 0x61]);
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x70]);
    const bomb = Buffer.concat([header, ...Array<Buffer>(size / (128 * 1024)).fill(block)]);
    await expect(unpack(CompressionTypes.ZSTD, bomb)).rejects.toThrow(/more than/);
  });
});
