import type { SentTime } from "../time.ts";
import { timeFormat } from "../time-format.ts";

/** Each pair differs only in which of day and month comes first; the first of a pair is taken where nothing tells. */
const PAIRS = ["/", "-", "."].flatMap((separator) =>
  ["H:MM[:SS] A", "H:MM[:SS]"].map((clock) => {
    const date = (first: string, second: string) => `${[first, second, "YYYY"].join(separator)} ${clock}`;
    return separator === "." ? [date("D", "M"), date("M", "D")] : [date("M", "D"), date("D", "M")];
  }),
) as [string, string][];

const SINGLES = [
  "iso",
  ...["YYYY-M-D H:MM[:SS]", "YYYY/M/D H:MM[:SS]", "YYYYMMDDHHMM[SS]"],
  ...["D MMM YYYY H:MM[:SS]", "D-MMM-YYYY H:MM[:SS]", "MMM D, YYYY H:MM[:SS][ A]"],
];

/** Numbers that are counts since 1970 of these years; any others are ids, amounts or typing errors. */
const PLAUSIBLE = { min: "2000", max: "2100" };
const UNIX = ["unix", "unix_ms"];

export interface TimeGuess {
  formats: string[];
  /** What was not certain. */
  notes: string[];
}

/** True if a value could be a time. Only where a column is named like one should numbers be taken for times. */
export const isTimeLike = (value: unknown, numbersToo: boolean): boolean =>
  candidates(numbersToo).some((format) => fits(format, value));

/** The formats that values are written in, as few as it takes. */
export function guessTimeFormats(values: readonly unknown[]): TimeGuess {
  const guess: TimeGuess = { formats: [], notes: [] };
  let rest = [...new Set(values)];
  const take = (format: string) => {
    guess.formats.push(format);
    rest = rest.filter((value) => !fits(format, value));
  };
  for (const format of SINGLES) if (rest.some((value) => fits(format, value))) take(format);
  for (const [usual, other] of PAIRS) {
    const [usually, otherwise] = [usual, other].map((format) => rest.filter((value) => fits(format, value)));
    if (!usually?.length && !otherwise?.length) continue;
    const [taken, left] = (otherwise?.length ?? 0) > (usually?.length ?? 0) ? [other, usual] : [usual, other];
    if (usually?.length === otherwise?.length) {
      const sample = JSON.stringify(usually?.[0]);
      guess.notes.push(`time_formats: nothing tells whether ${sample} is ${usual} or ${other}; the first was taken`);
    }
    take(taken);
    const strange = rest.find((value) => fits(left, value));
    if (strange !== undefined) {
      guess.notes.push(`time_formats: most times are ${taken}, but ${JSON.stringify(strange)} can only be ${left}`);
    }
  }
  for (const format of UNIX) if (rest.some((value) => fits(format, value))) take(format);
  if (rest.length > 0 && guess.formats.length > 0) {
    guess.notes.push(`time_formats: none was found for ${JSON.stringify(rest[0])}`);
  }
  return guess;
}

const candidates = (numbersToo: boolean) => [...SINGLES, ...PAIRS.flat(), ...(numbersToo ? UNIX : [])];

function fits(format: string, value: unknown): boolean {
  if (typeof value === "string" ? value.trim() === "" : typeof value !== "number") return false;
  if (typeof value === "number" && !UNIX.includes(format)) return false;
  const time = timeFormat(format).read(String(value).trim());
  return time !== undefined && isPlausible(time);
}

const isPlausible = ({ text }: SentTime) => text > PLAUSIBLE.min && text < PLAUSIBLE.max;
