/** The middle one; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The value that a share of all does not exceed, of values that stand in order. */
export const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;

/** Rounded to a number of significant digits. */
export const digits = (value: number, count: number) => Number(value.toPrecision(count));

/** Rows as lines of text whose columns stand below each other: the first `texts` to the left, the others to the right. */
export function table(head: string[], rows: (string | number)[][], texts: number): string {
  const lines = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const cell = (text: string, i: number) => (i < texts ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0));
  return lines.map((line) => `${line.map(cell).join("  ").trimEnd()}\n`).join("");
}
