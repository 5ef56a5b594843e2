import { describe, expect, it } from "vitest";
import { within } from "../../src/kit/within.ts";

const never = new Promise<string>(() => {});

describe("within", () => {
  it("gives what the promise gives, if that comes in time", async () => {
    expect(await within(Promise.resolve("in time"), 60_000, () => "late")).toBe("in time");
    await expect(within(Promise.reject(new Error("its own")), 60_000, () => "late")).rejects.toThrow("its own");
  });

  it("gives what `late` gives, or throws what it throws, once the time is over", async () => {
    expect(await within(never, 1, () => "late")).toBe("late");
    const refused = within(never, -5, () => {
      throw new RangeError("too late");
    });
    await expect(refused).rejects.toThrow(RangeError);
  });

  it("gives up with the reason of an abort, before it or while it waits", async () => {
    const reason = new Error("gone");
    await expect(within(never, 60_000, () => "late", AbortSignal.abort(reason))).rejects.toBe(reason);
    const leaving = new AbortController();
    const waiting = within(never, 60_000, () => "late", leaving.signal);
    leaving.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it("ignores a promise that fails after it gave up", async () => {
    let fail = (_: Error) => {};
    const failing = new Promise<string>((_, reject) => {
      fail = reject;
    });
    expect(await within(failing, 1, () => "late")).toBe("late");
    fail(new Error("nobody waits for this"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
