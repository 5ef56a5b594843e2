import { expect, it } from "vitest";
import { nearest } from "../../src/kit/nearest.ts";

const NAMES = ["region", "source", "week", "weekday", "hour", "duration_s", "distance_m"];

it.each([
  ["regoin", "region"],
  ["Region", "region"],
  ["sorce", "source"],
  ["weeks", "week"],
  ["week_day", "weekday"],
  ["duration", "duration_s"],
  ["distnace_m", "distance_m"],
  ["x", undefined],
  ["", undefined],
  ["price", undefined],
  ["region".repeat(20), undefined],
])("%s may have been meant to be %s", (given, meant) => {
  expect(nearest(given, NAMES)).toBe(meant);
});
