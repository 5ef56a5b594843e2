import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createPace } from "../../src/kit/pace.http.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A reader that takes so many bytes every so often, for so long; when it was cut, if it was. */
function cutAfter(bytesPerS: number, chunk: number, everyMs: number, forMs = 600_000): number | undefined {
  let cutAt: number | undefined;
  const began = performance.now();
  const pace = createPace({ bytesPerS, maxPauseMs: 60_000 }, () => {
    cutAt = performance.now() - began;
  });
  for (let ms = 0; ms < forMs && cutAt === undefined; ms += everyMs) {
    pace.isAskedFor();
    pace.gives(chunk);
    vi.advanceTimersByTime(everyMs);
  }
  pace.stop();
  return cutAt;
}

it("a reader at the lowest rate is not cut, and one below it is", () => {
  expect(cutAfter(1024, 10_240, 9900)).toBeUndefined();
  expect(cutAfter(1024, 10_240, 10_600)).toBeGreaterThan(9000);
  expect(cutAfter(1024, 1024, 5000)).toBeLessThan(20_000);
});

it("a reader that takes nothing is cut after ten seconds, or a minute if it was fast before", () => {
  expect(cutAfter(1024, 1024, 100_000)).toBeLessThan(11_000);
  let isCut = false;
  const pace = createPace({ bytesPerS: 1024, maxPauseMs: 60_000 }, () => {
    isCut = true;
  });
  for (let i = 0; i < 10; i++) {
    pace.isAskedFor();
    pace.gives(1024 * 1024);
  }
  vi.advanceTimersByTime(59_000);
  expect(isCut).toBe(false);
  vi.advanceTimersByTime(2000);
  expect(isCut).toBe(true);
});

it("a reader is not cut for what takes us long, and with no lowest rate only if it stops", () => {
  let isCut = false;
  const pace = createPace({ bytesPerS: 1024, maxPauseMs: 60_000 }, () => {
    isCut = true;
  });
  pace.isAskedFor();
  pace.waitsForUs();
  vi.advanceTimersByTime(300_000);
  expect(isCut).toBe(false);
  pace.stop();
  expect(cutAfter(0, 1, 50_000)).toBeUndefined();
  expect(cutAfter(0, 1, 61_000)).toBeDefined();
});
