import { describe, expect, it } from "vitest";
import { FaultsError, withShortWords } from "../../src/kit/faults.ts";
import { sizeFault } from "../../src/kit/size-fault.ts";

const limits = { maxVertices: 10, maxFaults: 3, maxNameLength: 10 };
const faults = (count: number, field = "f") => Array.from({ length: count }, () => ({ field, detail: "is wrong" }));

describe("an error with faults", () => {
  it("lists as many as it may, and says how many more there are", () => {
    const three = new FaultsError("invalid_body", faults(3)).within(limits);
    expect(three.message).toBe("f: is wrong; f: is wrong; f: is wrong");
    const four = new FaultsError("invalid_body", faults(4)).within(limits);
    expect(four.message).toBe("f: is wrong; f: is wrong; f: is wrong; and 1 more");
    expect(four.extra.errors).toEqual(faults(3));
  });

  it("shortens names that are longer than they may be", () => {
    const of = (field: string) => new FaultsError("invalid_body", faults(1, field)).within(limits).faults[0]?.field;
    expect(of("x".repeat(10))).toBe("x".repeat(10));
    expect(of("x".repeat(11))).toBe(`${"x".repeat(10)}…`);
  });

  it("keeps no more than a thousand, each of a bounded length", () => {
    const { faults: kept, message } = new FaultsError("invalid_body", faults(1_000_000, "x".repeat(5000)));
    expect([kept.length, kept[0]?.field.length, message.endsWith("; and 999000 more")]).toEqual([1000, 2001, true]);
  });
});

it("words of a message are no longer than a name may be", () => {
  expect(withShortWords(`There is nothing at /${"x".repeat(20)}.`, 10)).toBe("There is nothing at /xxxxxxxxx…");
});

describe("what is too much to be looked at", () => {
  const most = { values: 5, depth: 3 };

  it("is one value more than may be, and one level more", () => {
    expect(sizeFault({ a: [1, 2, 3, 4] }, most)).toBeUndefined();
    expect(sizeFault({ a: [1, 2, 3, 4, 5] }, most)).toMatchObject({ detail: "it has more than 5 values" });
    expect(sizeFault([[[1]]], most)).toBeUndefined();
    expect(sizeFault([[[[1]]]], most)).toMatchObject({ detail: "it is nested more than 3 levels deep" });
  });

  it("is not GeoJSON where that is expected", () => {
    const area = [1, 2, 3, 4, 5, 6, 7];
    expect(sizeFault({ area }, most)).toBeUndefined();
    expect(sizeFault({ where: { within: { area } } }, most)).toBeUndefined();
    expect(sizeFault({ where: { area } }, most)).toBeDefined();
  });
});
