import { z } from "zod";
import { StoredDetection } from "../detections/detections.ts";
import { Point } from "../geo/point.ts";
import { Instant, LocalTime } from "../time/instant.ts";

/** The subjects of rules. */
export const SUBJECTS = ["detections", "trips"] as const;
export type Subject = (typeof SUBJECTS)[number];

/** A rule as its owner defines it. */
export interface RuleDefinition {
  on: Subject;
  /** The condition as it was sent. */
  where: Record<string, unknown>;
  callback?: string | undefined;
}

export interface Rule extends RuleDefinition {
  name: string;
  /** Instants, ISO 8601 in UTC. */
  created_at: string;
  updated_at: string;
}

/** A rule in a reply. */
export const RuleReply = z
  .object({
    name: z.string(),
    on: z.enum(SUBJECTS),
    where: z.looseObject({}).meta({ description: "As it was sent" }),
    callback: z.string().optional(),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({
    id: "AlertRule",
    example: {
      name: "suspicious-vehicle",
      on: "detections",
      where: { category: { in: ["SUV", "Pickup"] } },
      created_at: "2025-03-05T07:00:00Z",
      updated_at: "2025-03-05T07:00:00Z",
    },
  });

const AlertedTrip = z
  .object({
    source: z.string(),
    trip_id: z.string(),
    region: z.string().optional(),
    started_at: Instant,
    local_time: LocalTime,
    origin: Point,
    destination: Point.optional(),
    duration_s: z.number().optional(),
    distance_m: z.number().optional(),
    driver_id: z.string().optional(),
    rider_id: z.string().optional(),
    vehicle_model: z.string().optional(),
    attributes: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "AlertedTrip", description: "The trip as it was stored" });

/** An alert: in replies, in events, in the topic and in callbacks. */
export const Alert = z
  .object({
    id: z.uuid(),
    rule: z.string(),
    at: Instant,
    detection: StoredDetection.optional(),
    trip: AlertedTrip.optional(),
  })
  .meta({ id: "Alert", description: "A detection or trip that a rule matched" });
export type Alert = z.infer<typeof Alert>;

/** An alert with its place in the order of all alerts. */
export interface NumberedAlert {
  number: number;
  alert: Alert;
}

export type PutRule = (name: string, rule: RuleDefinition) => Promise<{ rule: Rule; created: boolean }>;
export type FindRule = (name: string) => Promise<Rule | undefined>;
export type ListRules = () => Promise<Rule[]>;
/** Resolves to whether the rule existed. Its alerts stay. */
export type DeleteRule = (name: string) => Promise<boolean>;

export interface AlertFilters {
  rule: string | undefined;
  /** Instants, ISO 8601; `from` is included, `to` is not. */
  from: string | undefined;
  to: string | undefined;
  /** Whether alerts about trips are among them. */
  withTrips: boolean;
}

/** Lists alerts, the newest first, before the alert with the number `before`. */
export type ListAlerts = (
  filters: AlertFilters,
  limit: number,
  before: number | undefined,
) => Promise<{ alerts: Alert[]; next: number | undefined }>;

/** The name of the rule that SUSPICIOUS_VEHICLE makes. */
export const SUSPICIOUS = "suspicious-vehicle";
