import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timePattern } from "../../src/time/time-pattern.ts";

const read = (pattern: string, text: string) => {
  const time = timePattern(pattern).read(text);
  return time && `${time.kind} ${time.text}`;
};

describe("a pattern reads", () => {
  it.each([
    ["M/D/YYYY H:MM[:SS]", "7/1/2018 0:04", "naive 2018-07-01T00:04:00"],
    ["M/D/YYYY H:MM[:SS]", "07/01/18   00:04:09", "naive 2018-07-01T00:04:09"],
    ["D/M/YYYY H:MM[:SS]", "31/12/1999 23:59:59", "naive 1999-12-31T23:59:59"],
    ["YYYY-MM-DD HH:MM:SS", "2018-07-01 00:04:09", "naive 2018-07-01T00:04:09"],
    ["yyyy-MM-dd HH:mm:ss", "2018-07-01 00:04:09", "naive 2018-07-01T00:04:09"],
    ["YYYY-MM-DDTHH:mm:ss.SSS", "2018-07-01T00:04:09.120", "naive 2018-07-01T00:04:09.12"],
    ["YYYY-MM-DD HH:MM:SS[.SSSSSS]", "2018-07-01 00:04:09.1234567", "naive 2018-07-01T00:04:09.123456"],
    ["HH:MM DD.MM.YY", "23:05 01.07.18", "naive 2018-07-01T23:05:00"],
    ["YYYYMMDDHHMM[SS]", "201807010004", "naive 2018-07-01T00:04:00"],
    ["YYYYMMDDHHMM[SS]", "20180701000409", "naive 2018-07-01T00:04:09"],
    ["YYYY-MM-DD HH", "2018-07-01 05", "naive 2018-07-01T05:00:00"],
    ["M/D/YYYY h:mm A", "7/1/2018 12:04 am", "naive 2018-07-01T00:04:00"],
    ["M/D/YYYY h:mm A", "7/1/2018 12:04 PM", "naive 2018-07-01T12:04:00"],
    ["M/D/YYYY H:MM[:SS][ ]A", "7/1/2018 1:04:09p.m.", "naive 2018-07-01T13:04:09"],
    ["D-MMM-YYYY H:MM", "1-jul-2018 0:04", "naive 2018-07-01T00:04:00"],
    ["D. MMM YYYY H:MM", "1. März 2018 0:04", "naive 2018-03-01T00:04:00"],
    ["D MMM YYYY H:MM", "1 févr. 2018 0:04", "naive 2018-02-01T00:04:00"],
    ["D-MMM-YYYY H:MM", "1-ago-2018 0:04", "naive 2018-08-01T00:04:00"],
    ["D MMM YYYY H:MM", "1 tammikuuta 2018 0:04", "naive 2018-01-01T00:04:00"],
    ["D MMM YYYY H:MM", "1 aout 2018 0:04", "naive 2018-08-01T00:04:00"],
    ["D. MMM YYYY H:MM", "1. Dez. 2018 0:04", "naive 2018-12-01T00:04:00"],
    ["M/D/YYYY h:mm A", "7/1/2018 12:04PM", "naive 2018-07-01T12:04:00"],
    ["EEE, D MMM YYYY H:MM:SS Z", "Sun, 01 Jul 2018 00:04:09 +0200", "instant 2018-06-30T22:04:09+00:00"],
    ["EEE MMM D YYYY H:MM:SS Z", "Sun Jul 01 2018 00:04:09 GMT+0200 (CEST)", "instant 2018-06-30T22:04:09+00:00"],
    ["MMM D, YYYY H:MM", "September 1, 2018 0:04", "naive 2018-09-01T00:04:00"],
    ["YYYY-MM-DD HH:MM:SS Z", "2018-07-01 00:04:09 +02:00", "instant 2018-06-30T22:04:09+00:00"],
    ["YYYY-MM-DD HH:MM:SS[Z]", "2018-07-01 00:04:09", "naive 2018-07-01T00:04:09"],
    ["D 'de' M YYYY H'h'MM", "1 de 7 2018 0h04", "naive 2018-07-01T00:04:00"],
    ["(YYYY.M.D) H:MM", "(2018.7.1) 0:04", "naive 2018-07-01T00:04:00"],
    ["H:m D/M/YYYY", "0:4 1/7/2018", "naive 2018-07-01T00:04:00"],
  ])("%s: %s", (pattern, text, expected) => {
    expect(read(pattern, text)).toBe(expected);
  });

  it.each([
    ["M/D/YYYY H:MM[:SS]", "7/1/2018 0:4"],
    ["M/D/YYYY H:MM[:SS]", "7/1/218 0:04"],
    ["M/D/YYYY H:MM[:SS]", "7/1/2018 0:04:"],
    ["M/D/YYYY H:MM[:SS]", "13/1/2018 0:04"],
    ["M/D/YYYY H:MM[:SS]", "2/30/2018 0:04"],
    ["M/D/YYYY H:MM[:SS]", "x7/1/2018 0:04"],
    ["YYYY/M/D H:MM", "18/7/1 0:04"],
    ["D.M.YYYY H:MM", "1/7/2018 0:04"],
    ["D.M.YYYY H:MM", "1x7x2018 0:04"],
    ["M/D/YYYY h:mm A", "7/1/2018 13:04 PM"],
    ["M/D/YYYY h:mm A", "7/1/2018 0:04 AM"],
    ["M/D/YYYY h:mm A", "7/1/2018 1:04"],
    ["D-MMM-YYYY H:MM", "1-julli-2018 0:04"],
    ["YYYYMMDDHHMM", "1807010004"],
    ["YYYY-MM-DD HH:MM:SS Z", "2018-07-01 00:04:09 +16:00"],
  ])("%s: not %s", (pattern, text) => {
    expect(read(pattern, text)).toBeUndefined();
  });

  it("its own example, whatever it consists of", () => {
    const date = fc.constantFrom("M/D/YYYY", "DD.MM.YY", "YYYY-MM-DD", "D MMM YYYY", "YYYYMMDD");
    const clock = fc.constantFrom("H:MM[:SS]", "HH:mm:ss", "h:mm A", "HHMMSS", "HH:MM:SS.SSS", "H'h'MM[ Z]");
    fc.assert(
      fc.property(date, clock, fc.constantFrom(" ", "T", ", "), (d, c, between) => {
        const { read, example } = timePattern(`${d}${between}${c}`);
        expect(read(example)?.text).toMatch(/^2018-05-21T0[02]:54:0/);
      }),
    );
  });

  it("endless text in no time", () => {
    const { read } = timePattern("M/D/YYYY H:MM[:SS][ A][ Z]");
    expect(read(`1/1/2018${" ".repeat(200_000)}x`)).toBeUndefined();
  });

  it.each([
    ["YYYYMMDDHH[ ][.][ ][.][ mm][ ss][ A][ Z]", `2018052102${" ".repeat(80)}x`],
    ["YYYYMMDDHH[1]1[1]1[1]1[1]1", `2018052102${"1".repeat(80)}x`],
    ["YYYYMMDDHH[1][1][1][1][1mm][1ss][1SSS]", `2018052102${"1".repeat(80)}x`],
  ])("%s what nearly fits in no time", (pattern, text) => {
    const { read } = timePattern(pattern);
    // One that goes back and forth in such a text takes longer than any limit for a single reading.
    const start = performance.now();
    for (let i = 0; i < 1000; i++) read(text);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it("no text that is longer than any time", () => {
    expect(read("YYYY-MM-DD HH", `2018-07-01${" ".repeat(88)}05`)).toBe("naive 2018-07-01T05:00:00");
    expect(read("YYYY-MM-DD HH", `2018-07-01${" ".repeat(89)}05`)).toBeUndefined();
  });
});

describe("a pattern is refused", () => {
  it.each([
    ["q", /q is none of YYYY, YY/],
    ["D/M/YYYY", /lacks the hour/],
    ["H:MM", /lacks the year/],
    ["yyyy-mm-dd hh:mm", /minute twice|lacks the month/],
    ["D/M/YYYY [H:MM]", /lacks the hour/],
    ["D/D/YYYY H:MM", /the day twice/],
    ["DMYYYY H:MM", /D needs a separator/],
    ["YYYYMMDDH", /H needs a separator/],
    ["D/M/YYYY H:MM[:SS", /brackets do not match/],
    ["D/M/YYYY H:MM]", /brackets do not match/],
    ["D/M/YYYY H:MM[:SS[.SSS]]", /nested/],
    ["D/M/YYYY 'at H:MM", /never closed/],
    ["", /lacks the year/],
    [`YYYYMMDDHH${"[ ]".repeat(16)}`, /space beside another/],
    ["YYYYMMDD [ ]HH", /space beside another/],
    ["YYYYMMDD ' 'HH", /space beside another/],
    ["YYYYMMDD[at ] HH", /none of/],
    ["YYYYMMDD['at '] HH", /space beside another/],
    [`YYYYMMDDHH${"[1]".repeat(16)}`, /more than 4 optional parts/],
    [`YYYYMMDDHH${"[]".repeat(16)}`, /more than 4 optional parts/],
    [`D/M/YYYY H:MM${" ".repeat(60)}`, /longer than 60/],
  ])("%s", (pattern, message) => {
    expect(() => timePattern(pattern)).toThrow(message);
  });
});
