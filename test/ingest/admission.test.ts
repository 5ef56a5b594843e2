import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Admitted, createAdmission } from "../../src/ingest/admission.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const busy = expect.objectContaining({ code: "too_many_requests", retryAfterSeconds: 1 });

/** Holds so many bytes for each, in order; the list fills as they get them. */
function holding(admission: ReturnType<typeof createAdmission>, sizes: number[]) {
  const got: number[] = [];
  const admitted = sizes.map((bytes, i) => {
    const one = admission.enter();
    void one.hold(bytes).then(
      () => got.push(i),
      () => got.push(-1 - i),
    );
    return one;
  });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { got, admitted, settle };
}

describe("requests", () => {
  it("are let in up to the limit, and sent away over it until one leaves", () => {
    const admission = createAdmission(2, 100);
    const [first] = [admission.enter(), admission.enter()];
    expect(() => admission.enter()).toThrow(busy);
    first?.leave();
    admission.enter();
    expect(() => admission.enter()).toThrow(busy);
  });

  it("that leave twice leave once", () => {
    const admission = createAdmission(2, 100);
    const first = admission.enter();
    admission.enter();
    first.leave();
    first.leave();
    expect(admission.limits()).toEqual({ requests: 2, remaining: 1 });
  });

  it("may know how many more there can be", () => {
    const admission = createAdmission(2, 100);
    const remaining = () => admission.limits().remaining;
    const before = remaining();
    const all: Admitted[] = [admission.enter()];
    const between = remaining();
    all.push(admission.enter());
    expect([before, between, remaining()]).toEqual([2, 1, 0]);
    for (const one of all) one.leave();
    expect(admission.limits()).toEqual({ requests: 2, remaining: 2 });
  });
});

describe("room for bodies", () => {
  it("is given as long as there is some, then as others leave", async () => {
    const { got, admitted, settle } = holding(createAdmission(9, 100), [60, 40, 1]);
    await settle();
    expect(got).toEqual([0, 1]);
    admitted[1]?.leave();
    await settle();
    expect(got).toEqual([0, 1, 2]);
  });

  it("is given in the order of arrival: who wants much is not passed by others for ever", async () => {
    const { got, admitted, settle } = holding(createAdmission(9, 100), [60, 80, 10, 10]);
    await settle();
    expect(got).toEqual([0]);
    admitted[0]?.leave();
    await settle();
    expect(got).toEqual([0, 1, 2, 3]);
  });

  it("for more than there is at all is all of it", async () => {
    const { got, admitted, settle } = holding(createAdmission(9, 100), [1, 5000, 1]);
    await settle();
    expect(got).toEqual([0]);
    admitted[0]?.leave();
    await settle();
    expect(got).toEqual([0, 1]);
    admitted[1]?.leave();
    await settle();
    expect(got).toEqual([0, 1, 2]);
  });

  it("for nothing is given in its turn too", async () => {
    const { got, settle } = holding(createAdmission(9, 100), [0, 100, 0]);
    await settle();
    expect(got).toEqual([0, 1, 2]);
  });

  it("that is not given in time ends the waiting, and lets those behind go on", async () => {
    const admission = createAdmission(9, 100, 1000);
    const first = admission.enter();
    await first.hold(60);
    const large = admission.enter();
    const refused = expect(large.hold(80)).rejects.toThrow(busy);
    await vi.advanceTimersByTimeAsync(500);
    const behind = admission.enter();
    let isIn = false;
    void behind.hold(30).then(() => {
      isIn = true;
    });
    await vi.advanceTimersByTimeAsync(499);
    expect(isIn).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await refused;
    expect(isIn).toBe(true);
    // Who was refused held nothing, and gives nothing back.
    large.leave();
    first.leave();
    behind.leave();
    const all = admission.enter();
    await all.hold(100);
    expect(holding(admission, [1]).got).toEqual([]);
  });

  it("that was given is not taken back later", async () => {
    const admission = createAdmission(9, 100, 1000);
    const { got } = holding(admission, [100]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(got).toEqual([0]);
  });

  it("never adds up to more than there is, and is all there again in the end", async () => {
    const admission = createAdmission(1000, 100);
    let held = 0;
    let most = 0;
    const work = async (i: number) => {
      const one = admission.enter();
      const bytes = (i * 7919) % 90;
      await one.hold(bytes);
      held += bytes;
      most = Math.max(most, held);
      await new Promise((done) => setTimeout(done, (i * 31) % 20));
      held -= bytes;
      one.leave();
    };
    const all = Promise.all(Array.from({ length: 300 }, (_, i) => work(i)));
    await vi.runAllTimersAsync();
    await all;
    expect(most).toBeLessThanOrEqual(100);
    expect(most).toBeGreaterThan(80);
    const { got, settle } = holding(admission, [100]);
    await settle();
    expect(got).toEqual([0]);
    expect(admission.limits().remaining).toBe(999);
  });
});
