import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWaitingLine, type Leave } from "../../src/database/waiting-line.ts";
import type { Caller } from "../../src/kit/caller.ts";

const caller = (client: string, kind = "GET /v1/trips", signal = new AbortController().signal): Caller => ({
  ...{ client, kind, signal },
});

/** What became of a place in the line, as far as it has by now. */
async function seen(place: Promise<Leave>): Promise<string> {
  const settled = place.then(
    () => "in",
    ({ code }) => code as string,
  );
  return Promise.race([settled, new Promise<string>((resolve) => setTimeout(resolve, 5, "waits"))]);
}

describe("a waiting line", () => {
  it("admits up to its limit, and the next caller when one leaves", async () => {
    const line = createWaitingLine({ max: 2 });
    const [first] = [line.enter(undefined), line.enter(undefined)];
    const third = line.enter(undefined);
    expect(await seen(third)).toBe("waits");
    const leave = await (first as Promise<Leave>);
    leave();
    expect(await seen(third)).toBe("in");
    // Who leaves twice leaves once.
    leave();
    expect([await seen(line.enter(undefined)), line.serving()]).toEqual(["waits", 2]);
  });

  it("refuses at once when too many wait, and when too many of one client do", async () => {
    const line = createWaitingLine({ max: 1, maxWaiting: 3, maxWaitingPerClient: 2 });
    const all = ["a", "a", "a", "a", "b", "c"].map((client) => line.enter(caller(client)));
    expect(await Promise.all(all.map(seen))).toEqual([
      ...["in", "waits", "waits", "too_many_requests", "waits", "too_many_requests"],
    ]);
  });

  it("refuses a caller whose turn does not come in time", async () => {
    const line = createWaitingLine({ max: 1, waitMs: 20 });
    await line.enter(caller("a"));
    await expect(line.enter(caller("b"))).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 5 });
    expect(line.waiting()).toBe(0);
  });

  it("forgets a caller that hangs up while it waits, and never admits it", async () => {
    const line = createWaitingLine({ max: 1 });
    await line.enter(caller("a"));
    const gone = new AbortController();
    const waiting = line.enter(caller("b", "x", gone.signal));
    gone.abort(new Error("hung up"));
    await expect(waiting).rejects.toThrow("hung up");
    expect(line.waiting()).toBe(0);
    await expect(line.enter(caller("b", "x", gone.signal))).rejects.toThrow("hung up");
  });

  it("keeps its last place from one client, and from one kind of question", async () => {
    const line = createWaitingLine({ max: 3 });
    const ofOne = [1, 2, 3].map((i) => line.enter(caller("a", `kind ${i}`)));
    expect(await Promise.all(ofOne.map(seen))).toEqual(["in", "in", "waits"]);
    expect(await seen(line.enter(caller("b")))).toBe("in");

    const other = createWaitingLine({ max: 3 });
    const ofKind = ["a", "b", "c"].map((client) => other.enter(caller(client, "heavy")));
    expect(await Promise.all(ofKind.map(seen))).toEqual(["in", "in", "waits"]);
    expect(await seen(other.enter(caller("d", "light")))).toBe("in");
  });

  it("serves as many of one key as its own limit says, even if places are free", async () => {
    const line = createWaitingLine({ max: 5 });
    const ofOne = [1, 2, 3].map((i) => line.enter({ ...caller("a", `kind ${i}`), maxQuestions: 2 }));
    expect(await Promise.all(ofOne.map(seen))).toEqual(["in", "in", "waits"]);
    expect(await seen(line.enter(caller("b")))).toBe("in");
    (await ofOne[0])?.();
    expect(await seen(ofOne[2] as Promise<Leave>)).toBe("in");
    // A limit above what all get is no more than that.
    const high = [1, 2, 3, 4, 5].map((i) => line.enter({ ...caller("c", `kind ${i}`), maxQuestions: 9 }));
    expect(await Promise.all(high.map(seen))).toEqual(["in", "in", "waits", "waits", "waits"]);
  });

  it("lets clients take turns", async () => {
    const line = createWaitingLine({ max: 2 });
    const first = await line.enter(caller("a"));
    const second = await line.enter(caller("b", "another kind"));
    const order: string[] = [];
    const wait = (client: string) =>
      line.enter(caller(client, `kind of ${client}`)).then((leave) => {
        order.push(client);
        return leave;
      });
    const [a1, , c1] = [wait("b"), wait("b"), wait("c")];
    first();
    // Of b one is served already, so c comes first.
    (await (c1 as Promise<Leave>))();
    second();
    await a1;
    expect(order.slice(0, 2)).toEqual(["c", "b"]);
  });

  it("loses no other caller when one hangs up that still waits", async () => {
    const line = createWaitingLine({ max: 1, waitMs: 20 });
    await line.enter(undefined);
    const gone = new AbortController();
    await expect(line.enter(caller("a", "x", gone.signal))).rejects.toMatchObject({ code: "overloaded" });
    const next = line.enter(caller("b"));
    gone.abort(new Error("hung up"));
    expect(line.waiting()).toBe(1);
    await expect(next).rejects.toMatchObject({ code: "overloaded" });
  });

  it("loses a caller whose time is up before its turn", async () => {
    const line = createWaitingLine({ max: 1 });
    const leave = await line.enter(undefined);
    const late = new AbortController();
    const waiting = line.enter(undefined, late.signal);
    late.abort(new Error("too late"));
    await expect(waiting).rejects.toThrow("too late");
    leave();
    expect([line.waiting(), line.serving()]).toEqual([0, 0]);
  });

  it("serves one at a time while the process is behind with its work", async () => {
    let isBehind = true;
    const line = createWaitingLine({ max: 3, isBehind: () => isBehind });
    const [first, second, third] = ["a", "b", "c"].map((client) => line.enter(caller(client, `kind of ${client}`)));
    expect(await Promise.all([first, second, third].map((one) => seen(one as Promise<Leave>)))).toEqual([
      ...["in", "waits", "waits"],
    ]);
    isBehind = false;
    (await (first as Promise<Leave>))();
    expect(await Promise.all([second, third].map((one) => seen(one as Promise<Leave>)))).toEqual(["in", "in"]);
  });

  describe("with turns that come late", () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });
    /** As `seen`, on a clock that only the test moves: a slow machine changes nothing. */
    const seenNow = async (place: Promise<Leave>) => {
      const state = seen(place);
      await vi.advanceTimersByTimeAsync(5);
      return state;
    };

    it("serves others beside a long one, although the process is behind", async () => {
      const line = createWaitingLine({ max: 3, waitMs: 300, isBehind: () => true });
      const long = await line.enter(caller("a", "export"));
      const early = line.enter(caller("b", "question"));
      expect(await seenNow(early)).toBe("waits");
      vi.advanceTimersByTime(300);
      await expect(early).rejects.toMatchObject({ code: "overloaded" });
      const later = line.enter(caller("b", "question"));
      expect(await seenNow(later)).toBe("in");
      expect(await seenNow(line.enter(caller("c", "other")))).toBe("waits");
      long();
    });

    it("lets no more of a client wait than were served in the time of a wait, once turns came too late", async () => {
      const line = createWaitingLine({ max: 1, waitMs: 500 });
      const ofA = () => line.enter(caller("a"));
      const held = await ofA();
      const late = [ofA(), ofA(), ofA()];
      // Before a turn came late, all may wait.
      expect(await seenNow(late[2] as Promise<Leave>)).toBe("waits");
      expect(() => line.check(caller("a"))).not.toThrow();
      vi.advanceTimersByTime(500);
      for (const one of late) await expect(one).rejects.toMatchObject({ code: "overloaded" });
      const waiting = ofA();
      expect(await seenNow(waiting)).toBe("waits");
      await expect(ofA()).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
      expect(() => line.check(caller("a"))).toThrow("would not come");
      // Another client is not held up by what this one asks.
      expect(() => line.check(caller("b"))).not.toThrow();
      // One that is served makes room for as many.
      held();
      expect(await seenNow(waiting)).toBe("in");
      expect(await seenNow(ofA())).toBe("waits");
    });
  });
});
