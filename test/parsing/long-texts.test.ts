/**
 * A cell may hold megabytes. A regular expression that goes back for each character of it would take hours, in which no other
 * request is answered: so no time is measured here, the tests end or they do not.
 */
import { describe, expect, it } from "vitest";
import { isDateFormat } from "../../src/containers/xlsx-dates.ts";
import { PATH_FORMS, pathIn } from "../../src/geo/path.ts";
import { POINT_FORMS, pointIn } from "../../src/geo/point.ts";
import { profileOf } from "../../src/suggestions/suggest-values.ts";
import { csvShapeOf } from "../../src/text/csv-shape.ts";
import { degreesOfText } from "../../src/text/degrees-text.ts";
import { isValue } from "../../src/text/no-header.ts";
import { numberOfText } from "../../src/text/number-text.ts";
import { dateAlone } from "../../src/time/date-alone.ts";
import { timeFormat } from "../../src/time/time-format.ts";

const CHARACTERS = 1_000_000;
const TIMES = [
  "iso",
  "unix",
  "unix_ns",
  "dotnet",
  "excel",
  "YYYY-M-D H:MM[:SS] VV",
  "D 'de' MMM 'de' YYYY[,] H:MM[:SS]",
];

const readers: [string, (text: string) => unknown][] = [
  ...PATH_FORMS.map((form): [string, (text: string) => unknown] => [`a path, ${form}`, (text) => pathIn(text, form)]),
  ...POINT_FORMS.map((form): [string, (text: string) => unknown] => [
    `a point, ${form}`,
    (text) => pointIn(text, form),
  ]),
  ...TIMES.map((name): [string, (text: string) => unknown] => [
    `a time, ${name}`,
    (text) => timeFormat(name).read(text),
  ]),
  ["degrees", (text) => degreesOfText(text, "lon")],
  ["a number", (text) => numberOfText(text, {})],
  ["a number with a decimal comma", (text) => numberOfText(text, { decimal: "," })],
  ["a date", dateAlone],
  ["a column to be guessed", (text) => profileOf("start_time", [text])],
  ["a column's name", (text) => profileOf(text, ["1"])],
  ["a value in place of a header", isValue],
  ["a header", (text) => csvShapeOf(`${text}\n1\n`, true)],
  ["a format of a workbook", (text) => isDateFormat(170, text)],
];
const HEADS = ["", "LINESTRING", "POINT", "SRID=4326;", "2018-05-21", "45", "("];
const REPEATED = [" ", "1", "a", "1 ", "1,234", "[", "\t", "driver", "1 1,", "z  "];

describe.each(readers)("%s", (_, read) => {
  it.each(HEADS)("is looked for in a million characters behind '%s', and found to be none or one", (head) => {
    for (const part of REPEATED) {
      const text = `${head}${part.repeat(CHARACTERS / part.length)}!`;
      expect(() => read(text)).not.toThrow();
    }
  });
});

it("a nest of features of any depth is no way, and no end of the stack", () => {
  const nested = `${'{"type":"Feature","geometry":'.repeat(50_000)}null${"}".repeat(50_000)}`;
  for (const form of PATH_FORMS) expect(pathIn(nested, form).ok).toBe(false);
});
