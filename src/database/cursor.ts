import type { Pages } from "../kit/pages.ts";
import { type Sql, translateErrors } from "./client.ts";

/** A statement that gives rows, and its parameters. */
export interface Statement {
  text: string;
  parameters: readonly unknown[];
}

/** How large the pages of a cursor are. */
export interface PageSize<R> {
  /** The most rows of a page. */
  rows: number;
  /** The bytes of a page, if no row is larger than the largest one before it. */
  bytes: number;
  /** The bytes that a row takes, about. */
  bytesOf: (row: R) => number;
}

/**
 * Reads the rows of a statement, a page at a time. The transaction stays open until the last page is read or `end` is
 * called. The first page is one row, and a page is at most four times as long as the one before it. The largest row so
 * far tells how many rows make a page.
 */
export function openCursor<R extends object>(sql: Sql, { text, parameters }: Statement, size: PageSize<R>): Pages<R[]> {
  const { put, take, close } = handOver<R[]>();
  const done = translateErrors(async () => {
    await sql.begin("isolation level repeatable read read only", async (tx) => {
      // All rows will be read, so the plan that brings the first ones soonest is not the best.
      await tx`select set_config('cursor_tuple_fraction', '1', true)`;
      await tx.unsafe(`declare answer no scroll cursor for ${text}`, parameters as never[]);
      for (let rows = 1, largest = 1; ; ) {
        const page: R[] = await tx.unsafe(`fetch ${rows} from answer`);
        if (page.length === 0) return;
        for (const row of page) largest = Math.max(largest, size.bytesOf(row));
        if (!(await put([...page]))) return;
        rows = Math.max(1, Math.min(size.rows, GROWTH * rows, Math.floor(size.bytes / largest)));
      }
    });
  });
  // The next call of `next` gets the error.
  done.then(close, close);
  return {
    next: async () => (await take()) ?? void (await done),
    end: async () => {
      close();
      await done.catch(() => {});
    },
  };
}

const GROWTH = 4;

/** Hands things from a maker to a taker. The maker waits until each thing is taken. */
function handOver<T>() {
  let isClosed = false;
  let offered: { thing: T; taken: (isTaken: boolean) => void } | undefined;
  let waiting: ((thing: T | undefined) => void) | undefined;
  return {
    /** Resolves to whether it was taken. */
    put: (thing: T): Promise<boolean> | boolean => {
      if (isClosed) return false;
      if (waiting) {
        waiting(thing);
        waiting = undefined;
        return true;
      }
      return new Promise((taken) => {
        offered = { thing, taken };
      });
    },
    /** Resolves to undefined once it was closed. */
    take: (): Promise<T | undefined> | T | undefined => {
      const now = offered;
      offered = undefined;
      now?.taken(true);
      if (now || isClosed) return now?.thing;
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    close: () => {
      isClosed = true;
      offered?.taken(false);
      offered = undefined;
      waiting?.(undefined);
      waiting = undefined;
    },
  };
}
