import type { Receipt } from "../batches/receipt.ts";
import type { Import, ImportOptions } from "../imports/imports.ts";

/** A service that takes files: a running one, or one in this process. */
export interface Target {
  /**
   * Hands a file over.
   *
   * @param path absolute
   * @param onSent receives the number of sent bytes, if the file has to be sent
   * @throws AppError or TakeError with a sentence for the user of the command
   */
  take(path: string, options: ImportOptions, onSent: (bytes: number) => void): Promise<Import>;
  findImport(importId: string): Promise<Import | undefined>;
  findBatch(batchId: string): Promise<Receipt | undefined>;
  /** The place of a batch's rejected rows, as the end of a sentence. */
  rejectsAt(batchId: string): string;
  /** The sentence about an unfinished import after the command has stopped. */
  partingWords(): string;
  stop(): Promise<void>;
}

/** A file was not taken; the message says why. */
export class TakeError extends Error {
  override readonly name = "TakeError";
}
