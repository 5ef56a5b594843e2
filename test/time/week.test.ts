import { describe, expect, it } from "vitest";
import { daysFrom, hoursFrom, isDate, mondayOf } from "../../src/time/week.ts";

describe("a date", () => {
  it.each(["2018-05-21", "2020-02-29", "1900-01-01", "2199-12-31"])("%s exists", (text) => {
    expect(isDate(text)).toBe(true);
  });

  it.each(["2018-02-30", "2019-02-29", "2018-5-1", "1899-12-31", "2200-01-01", "2018-05-21T00:00", "", "infinity"])(
    "%j does not",
    (text) => {
      expect(isDate(text)).toBe(false);
    },
  );
});

describe("hours", () => {
  it.each([
    ["7-9", [7, 8, 9]],
    ["7-9,17", [7, 8, 9, 17]],
    ["22-4", [0, 1, 2, 3, 4, 22, 23]],
    ["0", [0]],
    ["9, 9 ,8-9", [8, 9]],
  ])("%j are %j", (text, expected) => {
    expect(hoursFrom(text)).toEqual(expected);
  });

  it.each(["", "24", "-1", "7-", "-", "7-8-9", "7,,8", "a", "7.5", "1e1"])("%j are none", (text) => {
    expect(hoursFrom(text)).toBeUndefined();
  });
});

describe("days", () => {
  it.each([
    ["mon-fri", [1, 2, 3, 4, 5]],
    ["sat,sun", [6, 7]],
    ["fri-mon", [1, 5, 6, 7]],
    ["Mon", [1]],
  ])("%j are %j", (text, expected) => {
    expect(daysFrom(text)).toEqual(expected);
  });

  it.each(["", "monday", "1-5", "mon-", "mon fri"])("%j are none", (text) => {
    expect(daysFrom(text)).toBeUndefined();
  });
});

describe("mondayOf", () => {
  it.each([
    ["2018-W18", "2018-04-30"],
    ["2025-W01", "2024-12-30"],
    ["2020-W53", "2020-12-28"],
    ["2018-W53", undefined],
    ["2018-W00", undefined],
    ["2018-18", undefined],
    ["9999-W01", undefined],
  ])("%s begins on %s", (week, monday) => {
    expect(mondayOf(week)).toBe(monday);
  });
});
