import { afterEach, describe, expect, it, vi } from "vitest";
import { type Admitted, createAdmission } from "../../src/ingest/admission.ts";
import { createRoom } from "../../src/kit/room.ts";

afterEach(() => void vi.useRealTimers());

const MB = 1024 * 1024;
const busy = expect.objectContaining({ code: "too_many_requests", retryAfterSeconds: 1 });
const admitting = (requests: number) => createAdmission(requests, createRoom(4 * MB));

describe("requests", () => {
  it("are let in up to the limit, and sent away over it until one leaves", () => {
    const admission = admitting(2);
    const [first] = [admission.enter(), admission.enter()];
    expect(() => admission.enter()).toThrow(busy);
    first?.leave();
    admission.enter();
    expect(() => admission.enter()).toThrow(busy);
  });

  it("that leave twice leave once", () => {
    const admission = admitting(2);
    const first = admission.enter();
    admission.enter();
    first.leave();
    first.leave();
    expect(admission.limits()).toEqual({ requests: 2, remaining: 1 });
  });

  it("may know how many more there can be", () => {
    const admission = admitting(2);
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
  it("is taken as they come, in steps, and not for small ones", async () => {
    const { enter, room } = admitting(9);
    const { body, leave } = enter();
    await body.grow(16 * 1024);
    expect(room.held().bodies).toBe(0);
    await body.grow(16 * 1024 + 1);
    expect(room.held().bodies).toBe(64 * 1024);
    await body.grow(64 * 1024);
    expect(room.held().bodies).toBe(64 * 1024);
    await body.grow(64 * 1024 + 1);
    expect(room.held().bodies).toBe(128 * 1024);
    leave();
    expect(room.held().bodies).toBe(0);
  });

  it("that is not there is refused within 100 ms, and what others hold stays theirs", async () => {
    const { enter, room, limits } = admitting(9);
    const [large, other] = [enter(), enter()];
    await large.body.grow(MB);
    vi.useFakeTimers();
    const refused = vi.fn();
    other.body.grow(17 * 1024).catch(refused);
    expect(limits().remaining).toBe(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(refused.mock.calls).toMatchObject([[{ code: "too_many_requests" }]]);
    expect(limits().remaining).toBe(7);
    other.leave();
    expect(room.held().bodies).toBe(MB);
    large.leave();
    await expect(enter().body.grow(100 * MB)).resolves.toBeUndefined();
  });
});
