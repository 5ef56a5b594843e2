import { createHash, randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { IngestRequest } from "../../src/batches/ingest-request.ts";
import type { Receipt } from "../../src/batches/receipt.ts";
import { createQueuePayload, type QueueDeps } from "../../src/ingest/queue-payload.ts";
import { digestOf } from "../../src/ingest/request-digest.ts";
import { createRoom } from "../../src/kit/room.ts";
import type { SentBody } from "../../src/kit/sent-bytes.ts";
import { holdBody } from "../../src/kit/sent-bytes.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { readHead } from "../../src/parsing/read-body.ts";
import { requestOf } from "../parsing/taken-in.ts";

const MB = 1024 * 1024;
const turn = (ms: number) => new Promise((done) => setTimeout(done, ms));

type Queued = Parameters<QueueDeps["queueBatch"]>[0];

/** What is stored of payloads, by a database that takes its time. */
function store(more: Partial<QueueDeps> = {}) {
  const parts = new Map<string, Buffer[]>();
  const queued: Queued[] = [];
  let nudges = 0;
  let under = 0;
  let most = 0;
  const queue = createQueuePayload({
    savePart: async (batchId, part, content) => {
      most = Math.max(most, ++under);
      await turn(10);
      under--;
      const own = parts.get(batchId) ?? [];
      own[part] = Buffer.from(content);
      parts.set(batchId, own);
    },
    dropPayload: async (batchId) => void parts.delete(batchId),
    queueBatch: async (batch) => {
      queued.push(batch);
      return { batch_id: batch.batchId } as Receipt;
    },
    customMappings: async () => [],
    onQueued: () => nudges++,
    maxBodyBytes: 16 * MB,
    ...more,
  });
  /** @param headBytes how much of the body was read before */
  const sendStream = async (
    stream: ReadableStream<Uint8Array>,
    request: Partial<IngestRequest> = {},
    headBytes = 100_000,
    contentEncoding?: string,
  ) => {
    const body = { stream: stream as SentBody["stream"], contentLength: undefined, contentEncoding };
    const head = await readHead(body, headBytes, 100 * MB);
    const hold = holdBody(createRoom(16 * MB));
    return queue({ ...requestOf(""), ...request, body }, head, hold).finally(hold.release);
  };
  const send = (body: Buffer, ...more: [Partial<IngestRequest>?, number?, string?]) =>
    sendStream(new Blob([body as never]).stream(), ...more);
  const stored = (batchId: string) => Buffer.concat(parts.get(batchId) ?? []);
  return { send, sendStream, stored, parts, queued, nudges: () => nudges, most: () => most };
}

/** Bytes that are UTF-8 and cannot be packed well. */
const noise = (bytes: number) => Buffer.from(randomBytes(bytes / 2).toString("hex"));

describe("a payload", () => {
  it.each([
    ["small", 10, 100],
    ["in its head", 3 * MB, 4 * MB],
    ["larger than its head", 5 * MB, 100_000],
    ["nothing", 0, 100],
  ])("is stored as it was sent, part by part, and then queued: %s", async (_, bytes, headBytes) => {
    const body = noise(bytes);
    const { send, stored, queued, parts, nudges, most } = store();
    const receipt = await send(body, {}, headBytes);
    expect(stored(receipt.batch_id).equals(body)).toBe(true);
    expect(queued).toMatchObject([{ batchId: receipt.batch_id, bytes: body.length, idempotency: undefined }]);
    expect(nudges()).toBe(1);
    expect(most()).toBeLessThanOrEqual(1);
    for (const part of parts.get(receipt.batch_id) ?? []) expect(part.length).toBeLessThanOrEqual(2 * MB);
  });

  it("is stored packed, as it was sent", async () => {
    const body = gzipSync(noise(4 * MB));
    const { send, stored, queued } = store();
    const { batch_id } = await send(body, { contentType: "text/csv", mapping: "native" }, 100_000, "gzip");
    expect(stored(batch_id).equals(body)).toBe(true);
    expect(queued).toMatchObject([
      { bytes: body.length, request: { contentEncoding: "gzip", contentType: "text/csv", mapping: "native" } },
    ]);
  });

  it.each([
    ["in the last piece", 100, 50_000],
    ["in pieces of its own", 3 * MB, 50_000],
    ["after a body of several parts", 3 * MB, 4 * MB],
  ])("with something behind its gzip is stored so that all of its rows can be read: %s", async (_, garbage, bytes) => {
    const text = noise(bytes);
    const body = Buffer.concat([gzipSync(text), Buffer.alloc(garbage)]);
    const { send, stored } = store();
    const { batch_id } = await send(body, {}, 100_000, "gzip");
    expect(gunzipSync(stored(batch_id)).equals(text)).toBe(true);
  });

  it("with a key gets the digest of its request, packed or not", async () => {
    const body = noise(200_000);
    const { send, queued } = store();
    await send(body, { idempotencyKey: "k" });
    await send(gzipSync(body), { idempotencyKey: "k" }, 100, "gzip");
    const digest = digestOf(requestOf("")).update(body).digest();
    expect(queued.map(({ idempotency }) => idempotency)).toEqual([
      { key: "k", digest },
      { key: "k", digest },
    ]);
    expect(digest).not.toEqual(createHash("sha256").update(body).digest());
  });
});

describe("a mapping that was asked for", () => {
  const columns = { t: "started_at", p: "origin" };
  const customMappings = async () => [mappingFrom("mine", { columns, constants: { source: "s" } })];

  it("is kept with the batch as it is now", async () => {
    const { send, queued } = store({ customMappings });
    await send(noise(100), { mapping: "mine" });
    expect(queued).toMatchObject([
      { request: { mapping: "mine", definition: { columns, constants: { source: "s" } } } },
    ]);
    expect(mappingFrom("mine", queued[0]?.request.definition)).toEqual((await customMappings())[0]);
  });

  it.each(["native", undefined])("is not, if it is built in or not known yet: %s", async (mapping) => {
    const { send, queued } = store({ customMappings: () => Promise.reject(new Error("not asked")) });
    await send(noise(100), { mapping });
    expect(queued).toMatchObject([{ request: { mapping } }]);
    expect(queued[0]?.request).not.toHaveProperty("definition");
  });

  it("and is not there is said at once, and nothing is kept", async () => {
    const { send, queued, parts } = store({ customMappings });
    await expect(send(noise(100), { mapping: "nobody" })).rejects.toMatchObject({ code: "invalid_parameter" });
    expect([queued.length, parts.size]).toEqual([0, 0]);
  });
});

describe("of a payload that is refused nothing is kept", () => {
  const notUtf8 = Buffer.concat([noise(3 * MB), Buffer.from([0xff])]);
  const broken = gzipSync(noise(6 * MB));
  broken.fill(0, 2.5 * MB, 2.5 * MB + 100);

  it.each<[string, Buffer, string | undefined, string]>([
    ["is no gzip", notUtf8, "gzip", "invalid_encoding"],
    ["is gzip that is broken on the way", broken, "gzip", "invalid_encoding"],
    ["is gzip cut short", gzipSync(noise(3 * MB)).subarray(0, -9), "gzip", "invalid_encoding"],
    ["is too large", noise(17 * MB), undefined, "body_too_large"],
    ["is too large and packed", gzipSync(noise(36 * MB), { level: 0 }), "gzip", "body_too_large"],
    ["unpacks to far too much", gzipSync(Buffer.alloc(16 * 16 * MB + 1)), "gzip", "body_too_large"],
  ])("that %s", async (_, body, encoding, code) => {
    const { send, parts, queued, nudges } = store();
    for (const headBytes of [100_000, 100 * MB]) {
      await expect(send(body, {}, headBytes, encoding)).rejects.toMatchObject({ code });
      // A part that was still on its way must not come after all.
      await turn(30);
      expect([...parts.keys()]).toEqual([]);
    }
    expect([queued.length, nudges()]).toEqual([0, 0]);
  });

  it.each([undefined, "gzip"])("whose sender goes away (%s)", async (encoding) => {
    const bytes = encoding ? gzipSync(noise(6 * MB)) : noise(6 * MB);
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent >= 2.5 * MB) return controller.error(new Error("gone"));
        controller.enqueue(bytes.subarray(sent, sent + 100_000));
        sent += 100_000;
      },
    });
    const { sendStream, parts } = store();
    await expect(sendStream(stream, {}, 100_000, encoding)).rejects.toThrow("broke off");
    await turn(30);
    expect(parts.size).toBe(0);
  });

  it("for a reason of the database", async () => {
    const { send, parts, nudges } = store({ queueBatch: () => Promise.reject(new Error("no")) });
    await expect(send(noise(2 * MB))).rejects.toThrow("no");
    expect([parts.size, nudges()]).toEqual([0, 0]);
  });

  it("for a reason of the database, which is reported even if removing the rest fails too", async () => {
    const { send } = store({
      queueBatch: () => Promise.reject(new Error("no")),
      dropPayload: () => Promise.reject(new Error("away")),
    });
    await expect(send(noise(100))).rejects.toThrow("no");
    let saved = 0;
    const failing = store({ savePart: () => (++saved > 1 ? Promise.reject(new Error("full")) : Promise.resolve()) });
    await expect(failing.send(noise(4 * MB))).rejects.toThrow("full");
    await expect(
      store({ savePart: () => Promise.reject(new Error("full")) }).send(gzipSync(noise(4 * MB)), {}, 100, "gzip"),
    ).rejects.toThrow("full");
  });
});
