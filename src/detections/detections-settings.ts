import { z } from "zod";

/** The settings of detections, as `config.ts` reads them and `.env.example` lists them. */
export const DETECTION_SETTINGS = {
  TRIPGRID_DETECTIONS_TOPIC: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/, "expected letters, digits, ., _ and -, or none for no topic")
    .default("intellisite.detections"),
  TRIPGRID_DETECTIONS_RETENTION_WEEKS: z.coerce.number().int().min(4).max(5200).optional(),
} as const;

/** The settings of detections as members of `Config`. */
export interface DetectionConfig {
  /** The topic that brings detections, where there is a broker. Undefined: none does. */
  detectionsTopic: string | undefined;
  /** Weeks to keep detections, at least. They stay counted. Undefined: they are kept forever. */
  detectionsRetentionWeeks: number | undefined;
}

export const detectionConfig = (s: z.infer<z.ZodObject<typeof DETECTION_SETTINGS>>): DetectionConfig => ({
  detectionsTopic: s.TRIPGRID_DETECTIONS_TOPIC === "none" ? undefined : s.TRIPGRID_DETECTIONS_TOPIC,
  detectionsRetentionWeeks: s.TRIPGRID_DETECTIONS_RETENTION_WEEKS,
});
