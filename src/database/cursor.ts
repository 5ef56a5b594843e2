import type { Pages } from "../kit/pages.ts";
import { type Sql, translateErrors } from "./client.ts";

/** A statement that gives rows, and its parameters. */
export interface Statement {
  text: string;
  parameters: readonly unknown[];
  /** Whether a row is an array of its values, in their order, which takes less time than an object. */
  asArrays?: boolean;
}

/** How large the pages of a cursor are. */
export interface PageSize<R> {
  /** The most rows of a page. */
  rows: number;
  /** The bytes of a page, if no row is larger than the largest one before it. */
  bytes: number;
  /** The bytes that a row takes, about. */
  bytesOf: (row: R) => number;
  /**
   * The bytes of pages that are read before the taker asks for them, beside one page. So the database goes on while a
   * taker works for longer. Undefined: none.
   */
  ahead?: number;
}

/**
 * Reads the rows of a statement, a page at a time. The transaction stays open until the last page is read or `end` is
 * called. The first page is one row, and a page is at most four times as long as the one before it. The largest row so
 * far tells how many rows make a page.
 */
export function openCursor<R extends object>(
  sql: Sql,
  { text, parameters, asArrays }: Statement,
  size: PageSize<R>,
): Pages<R[]> {
  const { put, take, close } = handOver<R[]>(size.ahead ?? 0);
  const done = translateErrors(async () => {
    await sql.begin("isolation level repeatable read read only", async (tx) => {
      // All rows will be read, so the plan that brings the first ones soonest is not the best.
      await tx`select set_config('cursor_tuple_fraction', '1', true)`;
      await tx.unsafe(`declare answer no scroll cursor for ${text}`, parameters as never[]);
      for (let rows = 1, largest = 1; ; ) {
        const fetched = tx.unsafe<R[]>(`fetch ${rows} from answer`);
        const page = (await (asArrays ? fetched.values() : fetched)) as unknown as R[];
        if (page.length === 0) return;
        for (const row of page) largest = Math.max(largest, size.bytesOf(row));
        if (!(await put([...page], page.length * largest))) return;
        rows = Math.max(1, Math.min(size.rows, GROWTH * rows, Math.floor(size.bytes / largest)));
      }
    });
  });
  // The next call of `next` gets the error, or after the pages that are read the end.
  done.then(
    () => close(true),
    () => close(false),
  );
  return {
    next: async () => (await take()) ?? void (await done),
    end: async () => {
      close(false);
      await done.catch(() => {});
    },
  };
}

const GROWTH = 4;

/** Hands things from a maker to a taker. The maker waits while things of more than `ahead` together are not taken. */
function handOver<T>(ahead: number) {
  const offered: { thing: T; weight: number }[] = [];
  let weight = 0;
  let isClosed = false;
  let goOn: ((isOpen: boolean) => void) | undefined;
  let waiting: ((thing: T | undefined) => void) | undefined;
  return {
    /** Resolves to whether more may be made. */
    put: (thing: T, ofThing: number): Promise<boolean> | boolean => {
      if (isClosed) return false;
      if (waiting) {
        waiting(thing);
        waiting = undefined;
        return true;
      }
      offered.push({ thing, weight: ofThing });
      weight += ofThing;
      if (weight <= ahead) return true;
      return new Promise((resolve) => {
        goOn = resolve;
      });
    },
    /** Resolves to undefined once it was closed and everything is taken. */
    take: (): Promise<T | undefined> | T | undefined => {
      const first = offered.shift();
      if (first) {
        weight -= first.weight;
        if (weight <= ahead) goOn?.(true);
        return first.thing;
      }
      if (isClosed) return undefined;
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    /** @param isDone whether what was offered may still be taken */
    close: (isDone: boolean) => {
      isClosed = true;
      if (!isDone) offered.length = 0;
      goOn?.(false);
      waiting?.(undefined);
      waiting = undefined;
    },
  };
}
