import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { scheduleRollups } from "../../src/rollups/rollup-scheduler.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const EVERY_MS = 5000;
const takes = (ms: number) => vi.fn(() => new Promise((resolve) => setTimeout(resolve, ms)));

describe("the refresh in the background", () => {
  it("runs at once and then every few seconds", async () => {
    const refresh = takes(10);
    const keeper = scheduleRollups(refresh, EVERY_MS, () => {});
    await vi.advanceTimersByTimeAsync(12_000);
    expect(refresh).toHaveBeenCalledTimes(3);
    await keeper.stop();
    await vi.advanceTimersByTimeAsync(12_000);
    expect(refresh).toHaveBeenCalledTimes(3);
  });

  it("rests three times as long as it took, unless it is asked for", async () => {
    const refresh = takes(10_000);
    const keeper = scheduleRollups(refresh, EVERY_MS, () => {});
    await vi.advanceTimersByTimeAsync(38_000);
    expect(refresh).toHaveBeenCalledTimes(1);
    keeper.trigger();
    await vi.advanceTimersByTimeAsync(100);
    expect(refresh).toHaveBeenCalledTimes(2);
  });

  it("says the first of several failures, and goes on", async () => {
    const refresh = vi.fn().mockRejectedValue(new Error("away"));
    const onError = vi.fn();
    scheduleRollups(refresh, EVERY_MS, onError);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(refresh).toHaveBeenCalledTimes(3);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it("does not wait for long when the service stops", async () => {
    const keeper = scheduleRollups(takes(60_000), EVERY_MS, () => {});
    await vi.advanceTimersByTimeAsync(10);
    const stopped = vi.fn();
    const stopping = keeper.stop().then(stopped);
    await vi.advanceTimersByTimeAsync(4000);
    expect(stopped).toHaveBeenCalled();
    await stopping;
  });

  it("does nothing without an interval", async () => {
    const refresh = takes(10);
    const keeper = scheduleRollups(refresh, undefined, () => {});
    keeper.trigger();
    await vi.advanceTimersByTimeAsync(12_000);
    await keeper.stop();
    expect(refresh).not.toHaveBeenCalled();
  });
});
