import { expect, it } from "vitest";
import { createAdaptiveLimit } from "../../src/edge/adaptive-limit.http.ts";

it("lets fewer requests in while small ones take long, never fewer than 32, and more again afterwards", () => {
  let clock = 0;
  const adaptive = createAdaptiveLimit(1000, () => clock);
  expect(adaptive.limit()).toBe(256);
  // A crowd that is slow together counts once.
  for (let i = 0; i < 50; i++) adaptive.took(2000, true);
  expect(adaptive.limit()).toBe(204);
  for (let i = 0; i < 50; i++) {
    clock += 200;
    adaptive.took(2000, true);
  }
  expect(adaptive.limit()).toBe(32);
  // It rises slowly, so that a crowd that has just been slow is not let in again at once.
  for (let i = 0; i < 100; i++) adaptive.took(20, true);
  expect(adaptive.limit()).toBe(51);
  for (let i = 0; i < 70_000; i++) adaptive.took(20, true);
  expect(adaptive.limit()).toBe(1000);
});

it("does not take a large request for a slow one", () => {
  const adaptive = createAdaptiveLimit(1000, () => 0);
  for (let i = 0; i < 2000; i++) adaptive.took(60_000, false);
  expect(adaptive.limit()).toBe(1000);
});

it("leaves a limit that is small already as it is", () => {
  const adaptive = createAdaptiveLimit(10, () => 0);
  adaptive.took(5000, true);
  expect(adaptive.limit()).toBe(10);
});
