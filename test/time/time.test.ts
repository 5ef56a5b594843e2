import { describe, expect, it } from "vitest";
import { timeFrom, within, yearsFrom } from "../../src/time/time.ts";

const read = (text: string) => {
  const time = timeFrom(text, ["iso"]);
  return time.ok ? `${time.value.kind} ${time.value.text}` : time.fault.code;
};

describe("an ISO time", () => {
  it.each([
    ["2018-05-21T02:54:04", "naive 2018-05-21T02:54:04"],
    ["2018-05-21 02:54:04", "naive 2018-05-21T02:54:04"],
    ["2018-05-21T02:54", "naive 2018-05-21T02:54:00"],
    [" 2018-05-21T02:54:04 ", "naive 2018-05-21T02:54:04"],
    ["2018-05-21T02:54:04.500", "naive 2018-05-21T02:54:04.5"],
    ["2018-05-21T02:54:04.123456789", "naive 2018-05-21T02:54:04.123456"],
    ["2018-05-21T02:54:04.000", "naive 2018-05-21T02:54:04"],
    ["2018-05-21T02:54:04Z", "instant 2018-05-21T02:54:04+00:00"],
    ["2018-05-21T02:54:04+02:00", "instant 2018-05-21T00:54:04+00:00"],
    ["2018-05-21T02:54:04+0530", "instant 2018-05-20T21:24:04+00:00"],
    ["2018-05-21 02:54:04 -03", "instant 2018-05-21T05:54:04+00:00"],
    ["2018-05-21T02:54:04.123456+02:00", "instant 2018-05-21T00:54:04.123456+00:00"],
    ["2018-12-31T23:30:00.5-01:00", "instant 2019-01-01T00:30:00.5+00:00"],
    ["2020-02-29T00:00:00", "naive 2020-02-29T00:00:00"],
    ["2000-02-29T00:00:00", "naive 2000-02-29T00:00:00"],
    ["2018-05-21T24:00:00", "naive 2018-05-22T00:00:00"],
    ["2019-12-31 24:00+02:00", "instant 2019-12-31T22:00:00+00:00"],
  ])("%j is %s", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    "2018-02-30T00:00:00",
    "2019-02-29T00:00:00",
    "2100-02-29T00:00:00",
    "2018-04-31T00:00:00",
    "2018-13-01T00:00:00",
    "2018-00-01T00:00:00",
    "2018-05-00T00:00:00",
    "2018-05-21T24:00:01",
    "2018-05-21T24:01",
    "2018-05-21T25:00:00",
    "2018-05-21T02:60:00",
    "2018-05-21T02:54:60",
    "2018-05-21",
    "2018-05-21T02:54:04+99:00",
    "2018-05-21T02:54:04+02:75",
    "0000-01-01T00:00:00",
    "yesterday",
    "infinity",
    "",
  ])("%j does not exist", (text) => {
    expect(read(text)).toBe("invalid_time");
  });
});

describe("a time with slashes", () => {
  const american = (text: string) => timeFrom(text, ["M/D/YYYY H:MM[:SS]"]);

  it.each([
    ["1/1/2013 2:00:00", "2013-01-01T02:00:00"],
    ["12/31/13 23:59", "2013-12-31T23:59:00"],
    ["5/21/2018 02:54:04", "2018-05-21T02:54:04"],
    ["1/1/69 0:00", "2069-01-01T00:00:00"],
    ["1/1/70 0:00", "1970-01-01T00:00:00"],
  ])("%j is %s, local", (text, expected) => {
    expect(american(text)).toEqual({ ok: true, value: { kind: "naive", text: expected } });
  });

  it.each(["1/1-2013 1:39:00", "13/1/2013 1:39", "2/30/2013 1:39", "1/1/213 1:39", "1/1/2013", "1/1/2013 25:00"])(
    "%j does not exist",
    (text) => {
      expect(american(text)).toMatchObject({ ok: false, fault: { code: "invalid_time" } });
    },
  );

  it("is refused with the form that was expected and what came", () => {
    expect(american("1/1-2013 1:39:00")).toMatchObject({
      fault: { detail: expect.stringMatching(/M\/D\/YYYY H:MM.*"1\/1-2013 1:39:00"/) },
    });
  });

  it("is read by the first of several forms that fits", () => {
    expect(timeFrom("21/5/2018 1:00", ["M/D/YYYY H:MM[:SS]", "D/M/YYYY H:MM[:SS]"])).toMatchObject({
      value: { text: "2018-05-21T01:00:00" },
    });
    expect(timeFrom("2/1/2018 1:00", ["D/M/YYYY H:MM[:SS]", "M/D/YYYY H:MM[:SS]"])).toMatchObject({
      value: { text: "2018-01-02T01:00:00" },
    });
  });
});

describe("a range of times", () => {
  const range = { min: "2000-01-01", max: "2019-05-21" };
  const at = (text: string) => within({ kind: "naive", text }, range);

  it("holds both of its days", () => {
    expect(at("2000-01-01T00:00:00").ok).toBe(true);
    expect(at("2019-05-21T23:59:59").ok).toBe(true);
  });

  it("refuses what is before and after, with the limit", () => {
    expect(at("1999-12-31T23:59:59")).toMatchObject({ fault: { code: "out_of_range", detail: /before 2000-01-01/ } });
    expect(at("2019-05-22T00:00:00")).toMatchObject({ fault: { code: "out_of_range", detail: /after 2019-05-21/ } });
  });

  it("ends a year from now, also on a leap day", () => {
    expect(yearsFrom(new Date("2018-05-21T12:00:00Z"), 1)).toBe("2019-05-21");
    expect(yearsFrom(new Date("2020-02-29T12:00:00Z"), 1)).toBe("2021-03-01");
  });
});
