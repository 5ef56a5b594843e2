import { ReadableStream } from "node:stream/web";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sentBytes } from "../../src/kit/sent-bytes.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
afterEach(() => void vi.useRealTimers());

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A sender that sends some bytes at once, and then so many each so many milliseconds, for as long as it is asked. */
function sender(bytes: number, everyMs: number, first = 0): ReadableStream<Uint8Array> {
  let isFirst = first > 0;
  return new ReadableStream(
    {
      pull: async (controller) => {
        if (!isFirst) await wait(everyMs);
        controller.enqueue(new Uint8Array(isFirst ? first : bytes));
        isFirst = false;
      },
    },
    { highWaterMark: 0 },
  );
}

const GIVEN_UP_S = 300;

/** For how many seconds a sender is read; its reader takes some time for each part. */
async function readFor(stream: ReadableStream<Uint8Array>, minBytesPerS = 1024, takeMs = 0): Promise<number> {
  const began = Date.now();
  const passed = () => Math.round((Date.now() - began) / 1000);
  let lasted = GIVEN_UP_S;
  const reading = (async () => {
    try {
      for await (const _ of sentBytes(stream, { minBytesPerS })) {
        if (takeMs > 0) await wait(takeMs);
        if (passed() >= GIVEN_UP_S) return;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: "request_timeout" });
      lasted = passed();
    }
  })();
  for (let i = 0; i < 4 * GIVEN_UP_S; i++) await vi.advanceTimersByTimeAsync(500);
  await reading;
  return lasted;
}

describe("a sender", () => {
  it.each([
    ["sends nothing", 0, 1_000_000, 0, 10],
    ["dribbles", 1, 5000, 0, 10],
    ["sends a little too slowly", 512, 1000, 0, 20],
    ["is just fast enough", 1024, 1000, 0, GIVEN_UP_S],
    ["sends much at once and dribbles then", 1, 5000, 8_000_000, 120],
  ])("that %s is cut in time", async (_, bytes, everyMs, first, expected) => {
    const seconds = await readFor(sender(bytes, everyMs, first));
    expect(Math.abs(seconds - expected)).toBeLessThanOrEqual(2);
  });

  it("that waits for its reader is not cut, however long that takes", async () => {
    expect(await readFor(sender(64 * 1024, 10), 1024, 60_000)).toBe(GIVEN_UP_S);
  });

  it("may take two minutes for each part if there is no lowest rate", async () => {
    expect(await readFor(sender(1, 100_000), 0)).toBe(GIVEN_UP_S);
    expect(await readFor(sender(1, 130_000), 0)).toBe(120);
  });

  it("that sends nothing does not delay a reader that gives up", async () => {
    const stopping = new AbortController();
    const reading = sentBytes(sender(1, 1_000_000), { minBytesPerS: 1024, signal: stopping.signal }).next();
    const reason = new Error("the service is stopping");
    stopping.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });
});
