import type { Transaction } from "./client.ts";

/**
 * Sends rows by COPY. Whatever they break, a unique key or a check, nothing of them is stored and the transaction goes on.
 *
 * postgres.js neither reports what a COPY breaks once all its data are sent, nor keeps the next query back until they
 * are. So the data are handed to the socket first, and then another statement tells how it went: there can be none in a
 * transaction that has failed.
 *
 * @param copy the statement, `copy … from stdin …`
 * @returns whether the rows are stored
 */
export async function copyRows(tx: Transaction, copy: string, data: Buffer): Promise<boolean> {
  try {
    await tx.savepoint(async (inner) => {
      const stream = await inner.unsafe(copy).writable();
      // A fault that shows while data are still on their way; the next statement tells the same.
      stream.on("error", () => {});
      for (let at = 0; at < data.length; at += PIECE_BYTES) {
        await new Promise<void>((sent) => stream.write(data.subarray(at, at + PIECE_BYTES), () => sent()));
      }
      stream.end();
      // The end of the data is sent in the stream's own turn, and must come before the next statement.
      await new Promise((turn) => setImmediate(turn));
      await inner`select 1`;
    });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== FAILED_TRANSACTION) throw error;
    return false;
  }
}

/** The driver copies what it is given. */
const PIECE_BYTES = 256 * 1024;
const FAILED_TRANSACTION = "25P02";
