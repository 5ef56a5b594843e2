import { afterEach, describe, expect, it, vi } from "vitest";
import { createRoom, SHARES } from "../../src/kit/room.ts";

const MB = 1024 * 1024;
const bodies = (total: number) => Math.floor(total * SHARES.bodies);

afterEach(() => void vi.useRealTimers());

describe("room", () => {
  it("has shares that are the whole", () => {
    expect(Object.values(SHARES).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  });

  it("is given up to its share, and refuses one byte more within 100 ms", async () => {
    const room = createRoom(100 * MB);
    const first = room.hold("bodies");
    await first.take(bodies(100 * MB));
    vi.useFakeTimers();
    const refused = vi.fn();
    room.hold("bodies").take(1).catch(refused);
    await vi.advanceTimersByTimeAsync(50);
    expect(refused).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(50);
    expect(refused.mock.calls).toMatchObject([[{ code: "too_many_requests", retryAfterSeconds: 1 }]]);
    expect(room.held().bodies).toBe(bodies(100 * MB));
    first.release();
    expect(room.held().bodies).toBe(0);
  });

  it("of one purpose is not taken by another", async () => {
    const room = createRoom(100 * MB);
    await room.hold("answers").take(1000 * MB);
    await expect(room.hold("bodies").take(MB)).resolves.toBeUndefined();
  });

  it("counts more than there is at all as all of it", async () => {
    const room = createRoom(100 * MB);
    const hold = room.hold("bodies");
    await hold.take(1000 * MB);
    expect(hold.bytes).toBe(bodies(100 * MB));
    // It goes on growing: it has everything already.
    await hold.take(MB);
    expect(hold.bytes).toBe(bodies(100 * MB));
    hold.release();
    expect(room.held().bodies).toBe(0);
  });

  it("goes to waiting requests in their order", async () => {
    const room = createRoom(100 * MB);
    const holder = room.hold("rows");
    await holder.take(50 * MB);
    const order: number[] = [];
    const waiting = [30, 10, 10].map(async (mb, i) => {
      const hold = room.hold("rows");
      await hold.wait(mb * MB);
      order.push(i);
    });
    expect(room.isFull("rows")).toBe(true);
    // A small one does not overtake a large one that came before.
    expect(room.hold("rows").tryTake(1)).toBe(false);
    holder.keep(20 * MB);
    await waiting[0];
    expect(order).toEqual([0]);
    holder.release();
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2]);
    expect(room.held().rows).toBe(50 * MB);
  });

  it("that is got after its holder has left is given back", async () => {
    const room = createRoom(100 * MB);
    const holder = room.hold("rows");
    await holder.take(50 * MB);
    const late = room.hold("rows");
    const waiting = late.wait(MB);
    late.release();
    holder.release();
    await waiting;
    expect(room.held().rows).toBe(0);
  });
});
