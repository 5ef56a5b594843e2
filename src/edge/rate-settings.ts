import { z } from "zod";
import type { Rates } from "../kit/client-rates.ts";

/** The settings of what one client may take, as `config.ts` reads them and `.env.example` lists them. */
export const RATE_SETTINGS = {
  TRIPGRID_MAX_REQUESTS_PER_S: z.coerce.number().min(0).max(1_000_000).default(2000),
  TRIPGRID_MAX_ROWS_PER_S: z.coerce.number().min(0).max(1e9).default(200_000),
  TRIPGRID_MAX_MB_PER_S: z.coerce.number().min(0).max(100_000).default(100),
} as const;

export interface RatesConfig {
  /** What one key or user, or one address without a credential, may take of this process. */
  rates: Rates;
}

export const ratesConfig = (s: z.output<z.ZodObject<typeof RATE_SETTINGS>>): RatesConfig => ({
  rates: {
    requestsPerS: s.TRIPGRID_MAX_REQUESTS_PER_S,
    rowsPerS: s.TRIPGRID_MAX_ROWS_PER_S,
    bytesPerS: s.TRIPGRID_MAX_MB_PER_S * 1024 * 1024,
  },
});
