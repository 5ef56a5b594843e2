import { z } from "zod";

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** A name in a request. */
export const name = z.string().min(1).max(200).refine(isStorable, "expected text without control characters");
