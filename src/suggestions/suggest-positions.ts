import type { Choose } from "./suggest-columns.ts";
import { isTimeLike } from "./suggest-times.ts";
import { isUnixTime, numberOf, type Profile } from "./suggest-values.ts";

/** Chooses the columns of a file without a header, by their values alone. */
export function chooseByPosition(columns: readonly Profile[], choose: Choose, notes: string[]): void {
  const filled = columns.filter(({ values }) => values.length > 0);
  const times = filled.filter(({ values }) => values.every((value) => isTimeLike(value, false) || isUnixTime(value)));
  choose("started_at", times[0]);
  choose("ended_at", times[1]);
  const degrees = filled.filter(
    ({ values, isNumber }) =>
      isNumber &&
      values.every((value) => Math.abs(numberOf(value)) <= 180) &&
      values.some((value) => /\.\d{2}/.test(`${value}`)),
  );
  for (const [i, end] of (["origin", "destination"] as const).entries()) {
    const [first, second] = degrees.slice(2 * i, 2 * i + 2);
    if (!first || !second) continue;
    const isLonFirst = beyond90(first) || !beyond90(second);
    choose(`${end}_lon`, isLonFirst ? first : second);
    choose(`${end}_lat`, isLonFirst ? second : first);
    if (!beyond90(first) && !beyond90(second)) {
      notes.push(`${first.name}, ${second.name}: nothing tells which is the longitude; the first was taken for it`);
    }
  }
  const key = filled.find(
    (column) =>
      !times.includes(column) && !degrees.includes(column) && new Set(column.values).size === column.values.length,
  );
  choose("trip_id", key);
  notes.push("header: the file has none; its columns are named by position, so check what each one is");
}

const beyond90 = ({ values }: Profile) => values.some((value) => Math.abs(numberOf(value)) > 90);
