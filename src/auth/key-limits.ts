import { z } from "zod";
import type { OwnLimits } from "../kit/principal.ts";

/** What a key may take of each process, where it differs from the settings. A member that is missing or null does not. */
export interface KeyLimits {
  max_requests_per_s?: number | null | undefined;
  max_rows_per_s?: number | null | undefined;
  max_mb_per_s?: number | null | undefined;
  max_questions?: number | null | undefined;
}

/** The members of a new key that limit it. */
export const keyLimitsSchema = {
  max_requests_per_s: z
    .number()
    .min(0)
    .max(1_000_000)
    .optional()
    .meta({ description: "Requests a second; 0: any number; without it TRIPGRID_MAX_REQUESTS_PER_S", example: 50 }),
  max_rows_per_s: z
    .number()
    .min(0)
    .max(1e9)
    .optional()
    .meta({ description: "Rows a second, sent and read; 0: any number; without it TRIPGRID_MAX_ROWS_PER_S" }),
  max_mb_per_s: z
    .number()
    .min(0)
    .max(100_000)
    .optional()
    .meta({ description: "Megabytes a second, sent and read; 0: any number; without it TRIPGRID_MAX_MB_PER_S" }),
  max_questions: z.number().int().min(1).max(1000).optional().meta({
    description: "Questions that are worked on at one time, others wait; without it the key's share of the connections",
  }),
};

export type KeyLimitName = keyof typeof keyLimitsSchema;
export const KEY_LIMITS = Object.keys(keyLimitsSchema) as KeyLimitName[];

const limit = z.number().nullable();
/** The limits of a listed key. */
export const keyLimitsReply = {
  max_requests_per_s: limit.meta({ description: "null: as the settings say; 0: any number" }),
  max_rows_per_s: limit,
  max_mb_per_s: limit,
  max_questions: z.number().int().nullable(),
};

/** The limits as requests are counted by them. Undefined: the key has none of its own. */
export function ownLimitsFrom(key: KeyLimits): OwnLimits | undefined {
  if (KEY_LIMITS.every((name) => (key[name] ?? undefined) === undefined)) return undefined;
  const megabytes = key.max_mb_per_s ?? undefined;
  return {
    requestsPerS: key.max_requests_per_s ?? undefined,
    rowsPerS: key.max_rows_per_s ?? undefined,
    bytesPerS: megabytes === undefined ? undefined : megabytes * 1024 * 1024,
    questions: key.max_questions ?? undefined,
  };
}
