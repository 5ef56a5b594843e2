import { z } from "zod";

/** The settings of exports, as `config.ts` reads them and `.env.example` lists them. */
export const EXPORT_SETTINGS = {
  TRIPGRID_EXPORT_MINUTES: z.coerce.number().min(0.01).max(10_080).default(120),
} as const;

/** The settings of exports as members of `Config`. */
export interface ExportConfig {
  /** An export that takes longer is broken off. */
  exportTimeoutMs: number;
}

type Given = z.infer<z.ZodObject<typeof EXPORT_SETTINGS>>;

export const exportConfig = (s: Given): ExportConfig => ({ exportTimeoutMs: s.TRIPGRID_EXPORT_MINUTES * 60_000 });
