import type { Transaction } from "../database/client.ts";
import type { Memory } from "./insert-trips.db.ts";

/** How many numbers one call of the sequence stands for. The migration that makes it says the same. */
const BLOCK = 64;

/** How often numbers are taken anew. Each time the sequence goes one block on. */
const TRIES = 5;

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

/**
 * Whether a batch was refused because another one has its number. A server that is killed may forget steps of a sequence
 * whose transactions did not commit, and then gives a block out again that a process still has.
 */
export function isNumberTaken(error: unknown): boolean {
  const { code, constraint_name: constraint } = (error ?? {}) as { code?: string; constraint_name?: string };
  return code === "23505" && constraint === "batches_number";
}

/** Lets the next batch take its number from a new block. */
export function forgetNumbers({ numbers }: Memory): void {
  numbers.next = numbers.end;
}

/** Runs a transaction in which the database numbers a batch, again if the number is taken. */
export async function withFreeNumber<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (!isNumberTaken(error) || attempt === TRIES) throw error;
    }
  }
}
