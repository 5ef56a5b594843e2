import type { Receipt } from "../batch.ts";
import type { Import, ImportOptions } from "../imports.ts";

/** A service that takes files: one that runs, or one of our own. */
export interface Target {
  /**
   * Hands a file over.
   *
   * @param path absolute
   * @param onSent told how many bytes have been sent, if it has to be sent
   * @throws AppError or TakeError with a sentence for whoever gave the file
   */
  take(path: string, options: ImportOptions, onSent: (bytes: number) => void): Promise<Import>;
  findImport(importId: string): Promise<Import | undefined>;
  findBatch(batchId: string): Promise<Receipt | undefined>;
  /** Where the rejected rows of a batch are to be had, as a sentence's end. */
  rejectsAt(batchId: string): string;
  /** What becomes of an import that is under way once we are gone. */
  partingWords(): string;
  stop(): Promise<void>;
}

/** A file was not taken; the message says why. */
export class TakeError extends Error {
  override readonly name = "TakeError";
}
