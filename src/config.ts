import { join, resolve } from "node:path";
import { z } from "zod";
import { StartError } from "./errors.ts";

/** The only reader of `process.env`: every setting, its default and what is allowed. `.env.example` lists the same. */
const settings = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  HOST: z.string().min(1).default("127.0.0.1"),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE" })
    .optional(),
  TRIPGRID_DATA: z.string().min(1).default(".tripgrid"),
  TRIPGRID_SQL_PORT: z.coerce.number().int().min(1).max(65535).optional(),
  TRIPGRID_TIME_ZONE: z.string().refine(isTimeZone, "expected an IANA time zone such as Europe/Rome").optional(),
  TRIPGRID_MIN_TIME: z.iso.date("expected a date, YYYY-MM-DD").default("2000-01-01"),
  TRIPGRID_KEEP_WEEKS: z.coerce.number().int().min(4).max(5200).optional(),
  TRIPGRID_COLUMNSTORE_WEEKS: z.coerce.number().int().min(1).max(5200).optional(),
  TRIPGRID_MIN_TRIPS: z.coerce.number().int().min(1).max(1_000_000).default(1),
  TRIPGRID_SHOW_TRIPS: z.enum(["true", "false"]).optional(),
  TRIPGRID_BI_ROLE: z
    .string()
    .regex(/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/, "expected lower-case letters, digits and _, not pg_ at the beginning")
    .optional(),
  TRIPGRID_BI_PASSWORD: z
    .string()
    .regex(/^[!-~]{8,200}$/, "expected 8 characters or more, letters, digits and signs of ASCII without spaces")
    .optional(),
  TRIPGRID_BI_TIMEOUT_S: z.coerce.number().int().min(1).max(3600).default(30),
  TRIPGRID_INBOX: z.string().min(1).optional(),
  TRIPGRID_MAX_BODY_MB: z.coerce.number().min(1).max(4096).default(256),
  TRIPGRID_SYNC_BODY_MB: z.coerce.number().min(0).max(64).default(8),
  TRIPGRID_MAX_REQUESTS: z.coerce.number().int().min(1).max(100_000).default(1000),
  TRIPGRID_INFLIGHT_MB: z.coerce.number().min(1).max(4096).default(32),
  TRIPGRID_GATHER_MS: z.coerce.number().min(0).max(1000).default(5),
  TRIPGRID_GATHER_ROWS: z.coerce.number().int().min(1).max(50_000).default(5000),
  TRIPGRID_WRITERS: z.coerce.number().int().min(1).max(64).default(3),
  TRIPGRID_CALLBACK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, "expected whsec_ and at least 24 bytes in base64")
    .optional(),
  TRIPGRID_CALLBACK_ALLOW_PRIVATE: z.enum(["true", "false"]).default("false"),
  TRIPGRID_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  TRIPGRID_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** The names of all settings, for the tests that compare them with `.env.example` and `docker-compose.yml`. */
export const SETTING_NAMES: readonly string[] = Object.keys(settings.shape);

export interface Config {
  port: number;
  host: string;
  /** None: the embedded engine. */
  databaseUrl: string | undefined;
  /** Absolute; what the embedded engine keeps. */
  dataFolder: string;
  /** Where the embedded engine's SQL can be reached, on loopback; none: not at all. */
  sqlPort: number | undefined;
  /** What was asked for; the database keeps the one that it was first set up with. */
  timeZone: string | undefined;
  minTime: string;
  /** Trips are kept for so many weeks at least, and what was counted of them for ever; none: trips too. */
  keepWeeks: number | undefined;
  /** On TimescaleDB, trips that are so many weeks old go into the columnstore; none: they stay in rows. */
  columnstoreWeeks: number | undefined;
  /** Groups of fewer trips are withheld from whoever asks; 1: none are. */
  minTrips: number;
  /** Whether single trips may be read; unless told otherwise, where no groups are withheld. */
  showTrips: boolean;
  /** The role of BI tools, who see the schema bi; none: there is none. Not on the embedded engine. */
  biRole: string | undefined;
  biPassword: string | undefined;
  /** How long its queries may take. */
  biTimeoutS: number;
  /** Absolute; files that appear here are imported. */
  inboxFolder: string;
  /** As it is sent, packed or not. */
  maxBodyBytes: number;
  /** Larger bodies, packed or unpacked, are acknowledged before their rows are stored. */
  syncBodyBytes: number;
  /** Requests that bring trips, at one time. */
  maxRequests: number;
  /** Bytes of bodies that are held at one time. */
  inflightBytes: number;
  /** How long a small request may wait for others to share its commit with, and how many rows share one. */
  gatherMs: number;
  gatherRows: number;
  /** Transactions that write trips at one time; the embedded engine has one session and so one. */
  writers: number;
  /** Signs what callbacks deliver; none: there are no callbacks. */
  callbackSecret: string | undefined;
  /** Whether callbacks may go to private and loopback addresses. */
  callbackAllowPrivate: boolean;
  poolSize: number;
  logLevel: string;
}

/**
 * Reads the settings.
 *
 * @throws StartError that names each setting that is wrong and what was expected
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty value, as compose files and .env produce it, means the setting was not given.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new StartError(`A setting is not valid. ${faults.join(". ")}.`);
  }
  const s = parsed.data;
  return {
    port: s.PORT,
    host: s.HOST,
    databaseUrl: s.DATABASE_URL,
    dataFolder: resolve(s.TRIPGRID_DATA),
    sqlPort: s.TRIPGRID_SQL_PORT,
    timeZone: s.TRIPGRID_TIME_ZONE,
    minTime: s.TRIPGRID_MIN_TIME,
    keepWeeks: s.TRIPGRID_KEEP_WEEKS,
    columnstoreWeeks: s.TRIPGRID_COLUMNSTORE_WEEKS,
    minTrips: s.TRIPGRID_MIN_TRIPS,
    showTrips: s.TRIPGRID_SHOW_TRIPS === undefined ? s.TRIPGRID_MIN_TRIPS === 1 : s.TRIPGRID_SHOW_TRIPS === "true",
    biRole: s.TRIPGRID_BI_ROLE,
    biPassword: s.TRIPGRID_BI_PASSWORD,
    biTimeoutS: s.TRIPGRID_BI_TIMEOUT_S,
    inboxFolder: resolve(s.TRIPGRID_INBOX ?? join(s.TRIPGRID_DATA, "inbox")),
    maxBodyBytes: s.TRIPGRID_MAX_BODY_MB * 1024 * 1024,
    syncBodyBytes: s.TRIPGRID_SYNC_BODY_MB * 1024 * 1024,
    maxRequests: s.TRIPGRID_MAX_REQUESTS,
    inflightBytes: s.TRIPGRID_INFLIGHT_MB * 1024 * 1024,
    gatherMs: s.TRIPGRID_GATHER_MS,
    gatherRows: s.TRIPGRID_GATHER_ROWS,
    writers: s.TRIPGRID_WRITERS,
    callbackSecret: s.TRIPGRID_CALLBACK_SECRET,
    callbackAllowPrivate: s.TRIPGRID_CALLBACK_ALLOW_PRIVATE === "true",
    poolSize: s.TRIPGRID_POOL_SIZE,
    logLevel: s.TRIPGRID_LOG_LEVEL,
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Node takes offsets such as +05:30 too, which have no clock changes and which PostgreSQL reads with the sign reversed.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
