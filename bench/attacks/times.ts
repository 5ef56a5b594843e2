import { digits, quantile } from "../lib/figures.ts";
import type { Replied } from "./send.ts";

/** How long replies took, by status, in milliseconds. */
export type Times = Map<number, number[]>;

export function note({ status, ms, error }: Replied, times: Times, errors: Map<string, number>): void {
  if (error) {
    errors.set(error, (errors.get(error) ?? 0) + 1);
    return;
  }
  const list = times.get(status) ?? [];
  list.push(ms);
  times.set(status, list);
}

export const byStatus = (times: Times) =>
  Object.fromEntries([...times].map(([status, all]) => [status, { count: all.length, ...figures(all) }]));

export function figures(times: number[]) {
  times.sort((a, b) => a - b);
  return {
    p50_ms: digits(quantile(times, 0.5), 3),
    p99_ms: digits(quantile(times, 0.99), 3),
    max_ms: digits(times.at(-1) ?? Number.NaN, 3),
  };
}
