import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networkOf } from "../../src/kit/client-address.ts";
import { createClientRates, type Rates, WINDOW_S } from "../../src/kit/client-rates.ts";
import { createRequestRecord } from "../../src/kit/request-record.ts";
import { createBuckets } from "../../src/kit/token-bucket.ts";

const FREE: Rates = { requestsPerS: 0, rowsPerS: 0, bytesPerS: 0 };

function ratesWith(given: Partial<Rates>) {
  const clock = { ms: 0 };
  const rates = createClientRates({ ...FREE, ...given }, () => clock.ms);
  /** One request: what refuses it, and what it says of the rates. */
  const ask = (client: string, { bytes = 0, rows = 0 } = {}) => {
    const record = createRequestRecord();
    const refusal = rates.enter(record, client);
    if (!refusal) {
      record.rows = rows;
      rates.move(record, bytes);
      rates.leave(record);
    }
    return { refusal, fields: rates.fields(record) };
  };
  return { clock, rates, ask };
}

describe("requests a second", () => {
  it("are let in up to ten seconds' worth at once, and not one more", () => {
    const { clock, ask } = ratesWith({ requestsPerS: 3 });
    for (let i = 1; i <= 3 * WINDOW_S; i++) expect(ask("a").refusal).toBeUndefined();
    expect(ask("a").refusal).toEqual({
      detail: "That is more than 3 requests a second, over 10 s.",
      retryAfterSeconds: 1,
    });
    expect(ask("b").refusal).toBeUndefined();
    clock.ms = 334;
    expect(ask("a").refusal).toBeUndefined();
    expect(ask("a").refusal).toBeDefined();
  });

  it("are told by the fields of the reply", () => {
    const { ask } = ratesWith({ requestsPerS: 0.1 });
    expect(ask("a").fields).toEqual({ policy: '"requests";q=1;w=10', state: '"requests";r=0;t=10' });
    expect(ask("a").refusal?.retryAfterSeconds).toBe(10);
  });

  it("count a request once, and not where it was refused", () => {
    const { rates } = ratesWith({ requestsPerS: 0.2 });
    const record = createRequestRecord();
    expect(rates.enter(record, "a")).toBeUndefined();
    expect(rates.enter(record, "b")).toBeUndefined();
    expect(record.countedFor).toBe("a");
    expect(rates.fields(record)?.state).toBe('"requests";r=1');
  });
});

describe("rows a second", () => {
  it("are counted once they are known, and may overdraw", () => {
    const { clock, ask } = ratesWith({ rowsPerS: 10 });
    expect(ask("a", { rows: 99 }).refusal).toBeUndefined();
    expect(ask("a", { rows: 1 }).refusal).toBeUndefined();
    expect(ask("a").refusal?.retryAfterSeconds).toBe(1);
    clock.ms = 100;
    expect(ask("a", { rows: 101 }).refusal).toBeUndefined();
    expect(ask("a").refusal).toEqual({
      detail: "That is more than 10 rows a second, over 10 s.",
      retryAfterSeconds: 11,
    });
    clock.ms = 100 + 10_100;
    expect(ask("a").refusal).toBeUndefined();
  });
});

describe("bytes a second", () => {
  it("are counted as they move: a slow transfer never overdraws, a fast one does", () => {
    const { clock, rates } = ratesWith({ bytesPerS: 100 });
    const next = (client: string) => rates.enter(createRequestRecord(), client)?.retryAfterSeconds;
    const [slow, fast] = [createRequestRecord(), createRequestRecord()];
    expect([rates.enter(slow, "slow"), rates.enter(fast, "fast")]).toEqual([undefined, undefined]);
    for (let second = 0; second < 60; second++) {
      clock.ms += 1000;
      rates.move(slow, 90);
      rates.move(fast, 130);
    }
    expect([next("slow"), next("fast")]).toEqual([undefined, 10]);
    expect(rates.fields(slow)?.state).toBe('"bytes";r=910');
  });

  it("that belong to no request are counted for no client", () => {
    const { rates } = ratesWith({ bytesPerS: 100 });
    rates.move(createRequestRecord(), 1e9);
    expect(rates.enter(createRequestRecord(), "a")).toBeUndefined();
  });
});

it("without limits nothing is refused and no header is sent", () => {
  const { ask } = ratesWith({});
  expect(ask("a", { bytes: 1e12, rows: 1e12 })).toEqual({ refusal: undefined, fields: undefined });
});

it("over any stretch a client gets no more than its bucket and what flows in", () => {
  const steps = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 2000 }), tries: fc.integer({ min: 1, max: 40 }) }));
  fc.assert(
    fc.property(steps, (all) => {
      let ms = 0;
      let taken = 0;
      const buckets = createBuckets(() => ms);
      const filling = { perS: 5, size: 20 };
      for (const step of all) {
        ms += step.ms;
        for (let i = 0; i < step.tries; i++) {
          if (buckets.waitS("a", filling) > 0) continue;
          buckets.take("a", 1, filling);
          taken++;
        }
        expect(taken).toBeLessThanOrEqual(20 + (ms / 1000) * 5 + 1e-6);
      }
    }),
  );
});

it.each([
  ["203.0.113.9", "203.0.113.9"],
  ["::ffff:203.0.113.9", "203.0.113.9"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  ["", ""],
  ["unix", "unix"],
])("the address %j counts as %j", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
