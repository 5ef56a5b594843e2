import type { Question } from "./area-questions.ts";

/** What a peer counted: trips by week, its Monday; weeks without any are missing. */
export type PeerCounts = Map<string, number>;

/** The condition on the time that a question means, for both peers; they are given the whole weeks as they are. */
export function inWindow({ from, to }: Question): string {
  const dayAfter = (date: string) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
  if (from === undefined || to === undefined) return "true";
  return `local_time >= timestamp '${from}' and local_time < timestamp '${dayAfter(to)}'`;
}
