import type { Transaction } from "../database/client.ts";
import type { Memory } from "./insert-trips.db.ts";

/** How many numbers one call of the sequence stands for. The migration that makes it says the same. */
const BLOCK = 64;

/** Numbers for new batches. No other batch has them; those that are not used are lost. */
export async function takeNumbers(tx: Transaction, { numbers }: Memory, count: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < count) {
    if (numbers.next === numbers.end) {
      const [row] = await tx<{ first: number }[]>`select nextval('tripgrid.batch_numbers') as first`;
      // Another call may have fetched a block meanwhile; that one is lost.
      numbers.next = row?.first ?? 0;
      numbers.end = numbers.next + BLOCK;
    }
    taken.push(numbers.next++);
  }
  return taken;
}
