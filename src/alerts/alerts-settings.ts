import { z } from "zod";

/** The settings of alerts, as `config.ts` reads them and `.env.example` lists them. */
export const ALERT_SETTINGS = {
  SUSPICIOUS_VEHICLE: z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .refine((parts) => parts.every((part) => /^\P{Cc}{1,200}$/u.test(part)), "expected categories such as SUV,Pickup")
    .optional(),
  TRIPGRID_ALERTS_TOPIC: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/, "expected letters, digits, ., _ and -, or none for no topic")
    .default("intellisite.alerts"),
  TRIPGRID_ALERT_DAYS: z.coerce.number().int().min(1).max(3650).default(90),
} as const;

/** The settings of alerts as members of `Config`. */
export interface AlertConfig {
  /** Detections of these categories raise an alert. Undefined: no rule is made. */
  suspiciousVehicle: string[] | undefined;
  /** The topic that alerts go to, where there is a broker. Undefined: none. */
  alertsTopic: string | undefined;
  /** Days to keep alerts. */
  alertDays: number;
}

export const alertConfig = (s: z.infer<z.ZodObject<typeof ALERT_SETTINGS>>): AlertConfig => ({
  suspiciousVehicle: s.SUSPICIOUS_VEHICLE,
  alertsTopic: s.TRIPGRID_ALERTS_TOPIC === "none" ? undefined : s.TRIPGRID_ALERTS_TOPIC,
  alertDays: s.TRIPGRID_ALERT_DAYS,
});
