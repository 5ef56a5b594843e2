import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timeFrom, timeReader } from "../../src/time/time.ts";
import { anyIso, plainIso, timeFormat } from "../../src/time/time-format.ts";

const text = (sent: string, ...formats: string[]) => {
  const time = timeFrom(sent, formats);
  return time.ok ? `${time.value.kind} ${time.value.text}` : time.fault.code;
};

describe("the plain form of ISO 8601", () => {
  const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, "0"));
  const isoLike = fc
    .tuple(fc.constantFrom("2018", "2020", "0000", "1900", "2000", "20a8"), two(14), two(33), two(25), two(61), two(61))
    .chain(([y, mo, d, h, mi, s]) =>
      fc.constantFrom("T", " ", "t", "-", "").map((between) => `${y}-${mo}-${d}${between}${h}:${mi}:${s}`),
    );

  it("is read just as the rest of it", () => {
    fc.assert(
      fc.property(isoLike, fc.nat(18), fc.constantFrom("", "", "", "x", ":", "0", "٣"), (sent, at, other) => {
        const changed = other === "" ? sent : sent.slice(0, at) + other + sent.slice(at + 1);
        const quick = plainIso(changed);
        if (quick) expect(quick).toEqual(anyIso(changed));
        else if (/^\d{4}-\d\d-\d\d[T ](?!24)\d\d:\d\d:\d\d$/.test(changed)) expect(anyIso(changed)).toBeUndefined();
      }),
      { numRuns: 20_000 },
    );
  });

  it("is every day that there is, and no other", () => {
    for (const year of [1900, 1999, 2000, 2018, 2020, 2100]) {
      for (let month = 1; month <= 12; month++) {
        for (let day = 1; day <= 31; day++) {
          const date = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
          const real = new Date(`${date}T00:00:00Z`).getUTCDate() === day;
          expect([date, plainIso(`${date}T00:00:00`) !== undefined]).toEqual([date, real]);
        }
      }
    }
  });
});

describe("a time since 1970", () => {
  it.each([
    ["1526864044", "unix", "instant 2018-05-21T00:54:04+00:00"],
    ["1526864044.5", "unix", "instant 2018-05-21T00:54:04.5+00:00"],
    ["1526864044.123456789", "unix", "instant 2018-05-21T00:54:04.123456+00:00"],
    ["1526864044000", "unix_ms", "instant 2018-05-21T00:54:04+00:00"],
    ["1526864044120", "unix_ms", "instant 2018-05-21T00:54:04.12+00:00"],
    ["1526864044123.45", "unix_ms", "instant 2018-05-21T00:54:04.12345+00:00"],
    ["1526864044123456", "unix_us", "instant 2018-05-21T00:54:04.123456+00:00"],
    ["45719.34375", "excel", "naive 2025-03-03T08:15:00"],
    ["45719.354167", "excel", "naive 2025-03-03T08:30:00"],
    ["45719", "excel", "naive 2025-03-03T00:00:00"],
    ["1526864044123456789", "unix_ns", "instant 2018-05-21T00:54:04.123457+00:00"],
    ["1526864044000000000", "unix_ns", "instant 2018-05-21T00:54:04+00:00"],
    ["12345678901234567890", "unix_ns", "invalid_time"],
    ["/Date(1526864044000)/", "dotnet", "instant 2018-05-21T00:54:04+00:00"],
    ["/Date(1526864044120+0200)/", "dotnet", "instant 2018-05-21T00:54:04.12+00:00"],
    ["\\/Date(-86400000)\\/", "dotnet", "instant 1969-12-31T00:00:00+00:00"],
    ["Date(1526864044000)", "dotnet", "invalid_time"],
    ["0", "unix", "instant 1970-01-01T00:00:00+00:00"],
    ["-0.000001", "unix", "instant 1969-12-31T23:59:59.999999+00:00"],
    ["-86400", "unix", "instant 1969-12-31T00:00:00+00:00"],
    ["1526864044", "unix_ms", "instant 1970-01-18T16:07:44.044+00:00"],
    ["99999999999999", "unix", "invalid_time"],
    ["1526864044s", "unix", "invalid_time"],
    ["1e9", "unix", "invalid_time"],
    ["", "unix", "invalid_time"],
  ])("%s as %s is %s", (sent, format, expected) => {
    expect(text(sent, format)).toBe(expected);
  });

  it("may be a number in JSON, other times not", () => {
    expect(timeReader(["iso", "unix"]).readNumber(1526864044.25)?.text).toBe("2018-05-21T00:54:04.25+00:00");
    expect(timeReader(["YYYYMMDDHHMM"]).readNumber(201805210254)).toBeUndefined();
    expect([timeReader(["iso"]).takesNumbers, timeReader(["iso", "unix_ms"]).takesNumbers]).toEqual([false, true]);
  });
});

describe("a time of a mapping with a time zone", () => {
  const rome = timeReader(["iso", "D/M/YYYY H:MM"], "Europe/Rome");

  it.each([
    ["2018-05-21T02:54:04", "2018-05-21T02:54:04 Europe/Rome"],
    ["2018-05-21 02:54:04.5", "2018-05-21T02:54:04.5 Europe/Rome"],
    ["21/5/2018 2:54", "2018-05-21T02:54:00 Europe/Rome"],
    ["2018-05-21T02:54:04+05:30", "2018-05-20T21:24:04+00:00"],
  ])("%s is a moment there: %s", (sent, expected) => {
    expect(rome.read(sent)).toEqual({ kind: "instant", text: expected });
  });
});

describe("the name of a zone behind a time", () => {
  it.each([
    ["2018-05-21 02:54:04 CEST", "instant 2018-05-21T00:54:04+00:00"],
    ["2018-05-21 02:54:04 EDT", "instant 2018-05-21T06:54:04+00:00"],
    ["2018-05-21 02:54:04 nst", "instant 2018-05-21T06:24:04+00:00"],
    ["2018-05-21 02:54:04 UTC", "instant 2018-05-21T02:54:04+00:00"],
    ["2018-05-21 02:54:04 Europe/Rome", "instant 2018-05-21T02:54:04 Europe/Rome"],
    ["2018-05-21 02:54:04 CST", "invalid_time"],
    ["2018-05-21 02:54:04 toString", "invalid_time"],
  ])("%s: %s", (sent, expected) => {
    expect(text(sent, "YYYY-MM-DD HH:MM:SS VV")).toBe(expected);
  });
});

describe("several formats", () => {
  it("are tried in their order", () => {
    const both = ["iso", "M/D/YYYY H:MM[:SS]"];
    expect(text("2018-07-01 00:04:00", ...both)).toBe("naive 2018-07-01T00:04:00");
    expect(text("7/1/2018 0:04", ...both)).toBe("naive 2018-07-01T00:04:00");
    expect(text("2018-07-01 00:04:00", "YYYY-DD-MM HH:MM:SS", "iso")).toBe("naive 2018-01-07T00:04:00");
    expect(text("20180701000400", "unix", "YYYYMMDDHHMMSS")).toBe("naive 2018-07-01T00:04:00");
  });

  it("are all named, each with an example, if none fits", () => {
    expect(timeFrom("soon", ["iso", "unix", "D.M.YYYY H:MM[:SS]"])).toMatchObject({
      fault: {
        detail: expect.stringMatching(
          /ISO 8601.* 1526864044, or D\.M\.YYYY .* like 21\.5\.2018 2:54:04, but got "soon"/,
        ),
      },
    });
  });
});

describe("a format may read a wall clock", () => {
  it.each([
    ["YYYY-MM-DD HH:MM", true],
    ["YYYY-MM-DD HH:MM[ Z]", true],
    ["YYYY-MM-DD HH:MM[ VV]", true],
    ["YYYY-MM-DD'T'HH:MM'Z'", true],
    ["YYYY-MM-DD HH:MM Z", false],
    ["YYYY-MM-DD HH:MM VV", false],
  ])("%s: %j", (format, isLocal) => {
    expect(timeFormat(format).isLocal).toBe(isLocal);
  });
});
