import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchLoop } from "../../src/database/loop-lag.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A clock that a busy process moves on without its timers. */
function watched() {
  let held = 0;
  const isBehind = watchLoop(() => performance.now() + held);
  return { isBehind, block: (ms: number) => (held += ms) };
}

it("tells that the event loop was held up, and a second later that it keeps up again", () => {
  const { isBehind, block } = watched();
  vi.advanceTimersByTime(1000);
  expect(isBehind()).toBe(false);
  block(400);
  expect(isBehind()).toBe(true);
  vi.advanceTimersByTime(200);
  expect(isBehind()).toBe(true);
  vi.advanceTimersByTime(1500);
  expect(isBehind()).toBe(false);
});

it("takes no short delay for more than it is", () => {
  const { isBehind, block } = watched();
  for (let i = 0; i < 20; i++) {
    block(60);
    vi.advanceTimersByTime(50);
    expect(isBehind()).toBe(false);
  }
});
