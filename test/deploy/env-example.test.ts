import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readConfig, SETTING_NAMES } from "../../src/config.ts";

const lines = readFileSync(new URL("../../.env.example", import.meta.url), "utf8").split("\n");
const SETTING = /^# ([A-Z][A-Z0-9_]*)=(.*)$/;

/** Every setting that the file shows, commented out, and the line above it. */
const shown = lines.flatMap((line, i) => {
  const [, name, value] = SETTING.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [{ name, value, above: lines[i - 1] ?? "" }];
});

describe(".env.example", () => {
  test("shows every setting once, in the order of config.ts", () => {
    expect(shown.map(({ name }) => name)).toEqual(SETTING_NAMES);
  });

  test("sets nothing when it is copied as it is", () => {
    expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  });

  test("shows the defaults", () => {
    expect(readConfig(Object.fromEntries(shown.map(({ name, value }) => [name, value])))).toEqual(readConfig({}));
  });

  test("leaves empty just the settings that have no default", () => {
    const withoutDefault = Object.values(readConfig({})).filter((value) => value === undefined);
    expect(shown.filter(({ value }) => value === "")).toHaveLength(withoutDefault.length);
  });

  test.each(shown)("$name: has a comment above", ({ above }) => {
    expect(above).toMatch(/^# \S+/);
    expect(above).not.toMatch(SETTING);
  });
});
