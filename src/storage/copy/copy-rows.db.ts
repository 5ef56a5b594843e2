import type { Transaction } from "../../database/client.ts";

/**
 * Sends rows by COPY. If they break a unique key or a check, none of them is stored and the transaction goes on.
 *
 * postgres.js does not report a fault of a COPY once all its data are sent, and does not hold back the next query until
 * they are. So the data are handed to the socket first. Then another statement shows the result, since no statement
 * succeeds in a failed transaction.
 *
 * @param copy the statement, `copy … from stdin …`
 * @returns whether the rows are stored
 */
export async function copyRows(tx: Transaction, copy: string, data: Buffer): Promise<boolean> {
  try {
    await tx.savepoint(async (inner) => {
      const stream = await inner.unsafe(copy).writable();
      // This fault appears while data are still being sent. The next statement reports the same.
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

/** The size of one write. The driver copies the data that it is given. */
const PIECE_BYTES = 256 * 1024;
const FAILED_TRANSACTION = "25P02";
