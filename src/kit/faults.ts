import { AppError, type ErrorCode, type FieldError } from "../errors.ts";
import type { Limits } from "./limits.ts";

/** Limit of collected faults. No setting lists more, and a body can hold a million. */
export const MAX_COLLECTED = 1000;
/** Longer names and texts are cut. */
const MAX_LENGTH = 2000;

/** An error that lists faults, each with its place. */
export class FaultsError extends AppError {
  readonly faults: readonly FieldError[];

  constructor(code: ErrorCode, all: readonly FieldError[], more = 0) {
    const errors = all
      .slice(0, MAX_COLLECTED)
      .map(({ field, detail }) => ({ field: shortened(field, MAX_LENGTH), detail: shortened(detail, MAX_LENGTH) }));
    const texts = errors.map(({ field, detail }) => (field === "" ? detail : `${field}: ${detail}`));
    const others = more + all.length - errors.length;
    super(code, texts.join("; ") + (others > 0 ? `; and ${others} more` : ""), { errors });
    this.faults = errors;
  }

  /** The same error, with only as many faults and as long names as an error may show. */
  within({ maxFaults, maxNameLength }: Limits): FaultsError {
    const kept = this.faults.slice(0, maxFaults).map(({ field, detail }) => ({
      field: shortened(field, maxNameLength),
      detail: withShortWords(detail, maxNameLength),
    }));
    return new FaultsError(this.code, kept, this.faults.length - kept.length);
  }
}

/** The text, cut to `length` characters and without half of a surrogate pair. */
export const shortened = (text: string, length: number): string =>
  (text.length > length ? `${text.slice(0, length)}…` : text).toWellFormed();

/** The text with each word cut to `length` characters. A word may come from a client, such as a path. */
export function withShortWords(text: string, length: number): string {
  const cut = shortened(text, 40 * length);
  return cut.replace(/\S+/g, (word) => shortened(word, length));
}
