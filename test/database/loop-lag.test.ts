import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { watchLoop } from "../../src/database/loop-lag.ts";

/** Keeps the event loop from all other work. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it("tells that the event loop was held up, and that it keeps up again", async () => {
  const isBehind = watchLoop();
  await vi.waitFor(() => expect(isBehind()).toBe(false), { timeout: 20_000, interval: 50 });
  block(400);
  expect(isBehind()).toBe(true);
  await sleep(1);
  expect(isBehind()).toBe(true);
  await vi.waitFor(() => expect(isBehind()).toBe(false), { timeout: 20_000, interval: 50 });
});
