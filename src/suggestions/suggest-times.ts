import { breathe } from "../kit/event-loop.ts";
import { timeFormat } from "../time/time-format.ts";
import type { SentTime } from "../time/time-parts.ts";

/**
 * Pairs of formats that differ only in the order of day and month. If no value decides, the first of a pair is taken.
 */
const CLOCKS = ["H:MM[:SS] A", "H:MM[:SS]", "H:MM:SS.SSS A", "H:MM:SS.SSS", "H'h'MM", "H"].map((clock) => ` ${clock}`);
const PAIRS = ["/", "-", "."].flatMap((separator) =>
  [...CLOCKS, ", H:MM[:SS] A", ", H:MM[:SS]", "THH:MM[:SS]"].map((clock) => {
    const date = (first: string, second: string) => `${[first, second, "YYYY"].join(separator)}${clock}`;
    return separator === "." ? [date("D", "M"), date("M", "D")] : [date("M", "D"), date("D", "M")];
  }),
) as [string, string][];

const SINGLES = [
  "iso",
  "dotnet",
  ...["YYYY-M-D H:MM[:SS]", "YYYY/M/D H:MM[:SS]", "YYYYMMDDHHMM[SS]", "YYYY-MM-DD H:MM[:SS][.SSS] VV"],
  ...["YYYYMMDDTHHMM[SS]", "YYYYMMDDTHHMMSSZ", "YYYYMMDD HH:MM[:SS]", "YYYY-M-D H:MM[:SS] A", "YYYY/M/D H:MM[:SS] A"],
  ...["D MMM YYYY H:MM[:SS]", "D-MMM-YYYY H:MM[:SS]", "D-MMM-YYYY H:MM[:SS] A", "MMM D, YYYY[,] H:MM[:SS][ A]"],
  ...["D[.] MMM YYYY[,] H:MM[:SS]", "D. MMM YYYY[,] H.MM[.SS]", "YYYY MMM D H:MM[:SS][ A]", "YYYY-MM-DD H'h'MM"],
  ...[
    "D-MMM-YYYY H.MM.SS[.SSS] A",
    "D.M.YYYY H.MM[.SS]",
    "D 'de' MMM 'de' YYYY[,] H:MM[:SS]",
    "D/MMM/YYYY[:][ ]H:MM[:SS][ Z]",
  ],
  ...[
    "EEE, D MMM YYYY H:MM:SS Z",
    "EEE, D MMM YYYY H:MM:SS VV",
    "EEE MMM D YYYY H:MM:SS Z",
    "EEE MMM D H:MM:SS Z YYYY",
    "YYYY-MM-DD H",
    "YYYY/M/D H",
  ],
];

/** Plausible times lie between these years. Other numbers are ids, amounts or typing errors, not counts since 1970. */
const PLAUSIBLE = { min: "2000", max: "2100" };
const UNIX = ["unix", "unix_ms", "unix_us", "unix_ns", "excel"];

export interface TimeGuess {
  formats: string[];
  /** Uncertain guesses. */
  notes: string[];
  /** Pairs of formats that both fit all values. The first of each pair was taken. */
  open: [string, string][];
}

/** True if a value could be a time. Numbers should count as times only in a column that is named like a time. */
export const isTimeLike = (value: unknown, numbersToo: boolean): boolean =>
  candidates(numbersToo).some((format) => fits(format, value));

/** Guesses the formats of values, with as few formats as possible. Other requests get their turns meanwhile. */
export async function guessTimeFormats(values: readonly unknown[]): Promise<TimeGuess> {
  const guess: TimeGuess = { formats: [], notes: [], open: [] };
  let rest = [...new Set(values)];
  const take = (format: string) => {
    guess.formats.push(format);
    rest = rest.filter((value) => !fits(format, value));
  };
  for (const format of SINGLES) {
    await breathe();
    if (rest.some((value) => fits(format, value))) take(format);
  }
  for (const [usual, other] of PAIRS) {
    await breathe();
    const [usually, otherwise] = [usual, other].map((format) => rest.filter((value) => fits(format, value)));
    if (!usually?.length && !otherwise?.length) continue;
    const [taken, left] = (otherwise?.length ?? 0) > (usually?.length ?? 0) ? [other, usual] : [usual, other];
    if (usually?.length === otherwise?.length) {
      const sample = JSON.stringify(usually?.[0]);
      guess.open.push([usual, other]);
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

/** Whether only one format of a pair reads a value: its day is beyond 12. Undefined: both do, or none. */
export function decidedBy([usual, other]: [string, string], value: unknown): string | undefined {
  const [isUsual, isOther] = [fits(usual, value), fits(other, value)];
  return isUsual === isOther ? undefined : isUsual ? usual : other;
}

const isPlausible = ({ text }: SentTime) => text > PLAUSIBLE.min && text < PLAUSIBLE.max;
