import type { Receipt } from "../batches/receipt.ts";
import type { Resumable } from "../kit/resumable.ts";

/**
 * Takes back what a batch stored. Resolves once that is done or, for a large batch, after a few seconds; the rest then
 * happens in the background.
 *
 * @param by the name of the caller; null: it is not known
 * @returns undefined if there is no such batch
 * @throws AppError batch_in_progress; week_retired if some of its trips are in weeks that take no more changes
 */
export type UndoBatch = (batchId: string, by: string | null) => Promise<Receipt | undefined>;

interface UndoDeps {
  /** Marks a batch as one to be undone, and returns its receipt. */
  begin: UndoBatch;
  find: (batchId: string) => Promise<Receipt | undefined>;
  work: Resumable;
  onChange: () => void;
  /** How long a request waits for the end. */
  waitMs: number;
}

export const createUndo =
  ({ begin, find, work, onChange, waitMs }: UndoDeps): UndoBatch =>
  async (batchId, by) => {
    const receipt = await begin(batchId, by);
    if (receipt?.state !== "undoing") return receipt;
    onChange();
    await work.run(batchId, waitMs);
    return find(batchId);
  };
