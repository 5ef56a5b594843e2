import type { Fault } from "../kit/parsed.ts";

export type { Fault } from "../kit/parsed.ts";

/** A row with too many fields. The fault is the same whether the fields are counted before or after parsing. */
export const tooWide = (maxColumns: number): Fault => ({
  code: "invalid_row",
  detail: `expected at most ${maxColumns} fields, but the row has more`,
});

/** A row with bytes that are no characters. */
export const badBytes = (bytes: string, at: number): Fault => ({
  code: "invalid_text",
  detail: `byte ${at + 1} of the text is not UTF-8 (${bytes}); name the charset if the text is written in another one`,
});

export const tooLong = (maxBytes: number): Fault => ({
  code: "invalid_row",
  detail: `the row is longer than ${maxBytes} bytes`,
});
