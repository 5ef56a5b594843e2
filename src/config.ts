import { join, resolve } from "node:path";
import { z } from "zod";
import { ALERT_SETTINGS, type AlertConfig, alertConfig } from "./alerts/alerts-settings.ts";
import { type AuthSettings, authFaults, authSettings, authSettingsFrom } from "./auth/auth-settings.ts";
import { DETECTION_SETTINGS, type DetectionConfig, detectionConfig } from "./detections/detections-settings.ts";
import { RATE_SETTINGS, type RatesConfig, ratesConfig } from "./edge/rate-settings.ts";
import { StartError } from "./errors.ts";
import { EXERCISES_SETTINGS, type ExercisesConfig, exercisesConfig } from "./exercises/exercises-settings.ts";
import { EXPLORER_SETTINGS, type MapConfig, mapConfig } from "./explorer/explorer-settings.ts";
import { EXPORT_SETTINGS, type ExportConfig, exportConfig } from "./export/export-settings.ts";
import { isRange } from "./kit/client-address.ts";
import { listOf, ORIGIN, unknownSettings, WEBHOOK_SECRET, wantsTraces } from "./kit/setting-forms.ts";
import { BROKER_SETTINGS, type BrokerConfig, brokerConfig } from "./messaging/broker-settings.ts";
import { isTimeZone } from "./time/time-zone.ts";

/** Every setting, its default and its allowed values, as in `.env.example`. Only this file reads `process.env`. */
const settings = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  HOST: z.string().min(1).default("127.0.0.1"),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE" })
    .optional(),
  TRIPGRID_DATA_DIR: z.string().min(1).default(".tripgrid"),
  TRIPGRID_SQL_PORT: z.coerce.number().int().min(1).max(65535).optional(),
  TRIPGRID_TIME_ZONE: z.string().refine(isTimeZone, "expected an IANA time zone such as Europe/Rome").optional(),
  TRIPGRID_ASSIGN_REGIONS: z.enum(["true", "false"]).default("false"),
  TRIPGRID_MIN_TRIP_DATE: z.iso.date("expected a date, YYYY-MM-DD").default("2000-01-01"),
  TRIPGRID_RETENTION_WEEKS: z.coerce.number().int().min(4).max(5200).optional(),
  TRIPGRID_COMPRESS_AFTER_WEEKS: z.coerce.number().int().min(1).max(5200).optional(),
  TRIPGRID_MIN_GROUP_SIZE: z.coerce.number().int().min(1).max(1_000_000).default(1),
  TRIPGRID_EXPOSE_TRIPS: z.enum(["true", "false"]).optional(),
  TRIPGRID_BI_ROLE: z
    .string()
    .regex(/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/, "expected lower-case letters, digits and _, not pg_ at the beginning")
    .optional(),
  TRIPGRID_BI_PASSWORD: z
    .string()
    .regex(/^[!-~]{8,200}$/, "expected 8 characters or more, letters, digits and signs of ASCII without spaces")
    .optional(),
  TRIPGRID_BI_TIMEOUT_S: z.coerce.number().int().min(1).max(3600).default(30),
  TRIPGRID_INBOX_DIR: z.string().min(1).optional(),
  TRIPGRID_MAX_BODY_MB: z.coerce.number().min(1).max(4096).default(256),
  TRIPGRID_SYNC_BODY_MB: z.coerce.number().min(0).max(64).default(8),
  TRIPGRID_MAX_CONCURRENT_INGEST: z.coerce.number().int().min(1).max(100_000).default(1000),
  TRIPGRID_MAX_BUFFERED_MB: z.coerce.number().min(4).max(65_536).default(192),
  TRIPGRID_MAX_QUESTION_MB: z.coerce.number().min(0.01).max(64).default(4),
  TRIPGRID_MAX_VERTICES: z.coerce.number().int().min(4).max(50_000).default(50_000),
  TRIPGRID_MAX_COLUMNS: z.coerce.number().int().min(20).max(10_000).default(1000),
  TRIPGRID_MAX_ROW_KB: z.coerce.number().min(1).max(65_536).default(4096),
  TRIPGRID_MAX_ATTRIBUTES_KB: z.coerce.number().min(1).max(4096).default(64),
  TRIPGRID_MAX_NESTING: z.coerce.number().int().min(4).max(100).default(32),
  TRIPGRID_MAX_REJECTED_ROWS: z.coerce.number().int().min(1).max(100_000_000).default(100_000),
  TRIPGRID_MAX_REJECTED_MB: z.coerce.number().min(1).max(65_536).default(64),
  TRIPGRID_MAX_FAULTS: z.coerce.number().int().min(1).max(1000).default(10),
  TRIPGRID_MAX_NAME_LENGTH: z.coerce.number().int().min(10).max(1000).default(100),
  TRIPGRID_MIN_RATE_KB: z.coerce.number().min(0).max(10_240).default(1),
  TRIPGRID_HEADERS_TIMEOUT_S: z.coerce.number().min(0.1).max(600).default(60),
  TRIPGRID_DRAIN_S: z.coerce.number().min(0).max(300).default(0),
  TRIPGRID_METRICS_PORT: z.coerce.number().int().min(1).max(65535).optional(),
  TRIPGRID_TRUSTED_PROXIES: listOf(isRange, "expected addresses and ranges such as 127.0.0.1,10.0.0.0/8").optional(),
  TRIPGRID_KEEP_ALIVE_S: z.coerce.number().min(1).max(3600).default(75),
  TRIPGRID_MAX_CONNECTIONS: z.coerce.number().int().min(10).max(1_000_000).default(10_000),
  TRIPGRID_ALLOWED_HOSTS: listOf(/^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/, "expected host names without ports").optional(),
  TRIPGRID_ALLOWED_ORIGINS: listOf(ORIGIN, "expected origins such as https://maps.example").optional(),
  ...{ ...RATE_SETTINGS, ...authSettings },
  TRIPGRID_INGEST_TIMEOUT_S: z.coerce.number().min(0.1).max(600).default(10),
  TRIPGRID_QUESTION_TIMEOUT_S: z.coerce.number().min(0.1).max(3600).default(60),
  ...EXPORT_SETTINGS,
  TRIPGRID_INGEST_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(6),
  TRIPGRID_QUESTION_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(4),
  TRIPGRID_MAX_WAITING_QUESTIONS: z.coerce.number().int().min(0).max(10_000).default(100),
  TRIPGRID_WAITING_PER_CLIENT: z.coerce.number().int().min(1).max(10_000).default(50),
  TRIPGRID_QUESTION_WAIT_S: z.coerce.number().min(0.1).max(600).default(10),
  TRIPGRID_MAX_QUERY_ROWS: z.coerce.number().int().min(1000).max(1e12).default(50_000_000),
  TRIPGRID_GROUP_COMMIT_MS: z.coerce.number().min(0).max(1000).default(5),
  TRIPGRID_GROUP_COMMIT_ROWS: z.coerce.number().int().min(1).max(50_000).default(5000),
  TRIPGRID_MAX_CONCURRENT_WRITES: z.coerce.number().int().min(1).max(64).default(3),
  TRIPGRID_CALLBACK_SECRET: z
    .string()
    .regex(WEBHOOK_SECRET, "expected whsec_ and at least 24 bytes in base64")
    .optional(),
  TRIPGRID_CALLBACK_ALLOW_PRIVATE: z.enum(["true", "false"]).default("false"),
  ...{ ...BROKER_SETTINGS, ...DETECTION_SETTINGS, ...ALERT_SETTINGS, ...EXERCISES_SETTINGS, ...EXPLORER_SETTINGS },
  TRIPGRID_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** The names of all settings, for the tests that compare them with `.env.example` and `docker-compose.yml`. */
export const SETTING_NAMES: readonly string[] = Object.keys(settings.shape);

type Rooms = BrokerConfig & DetectionConfig & AlertConfig & AuthSettings & RatesConfig & OtherRooms;
type OtherRooms = ExercisesConfig & MapConfig & ExportConfig;

export interface Config extends Rooms {
  port: number;
  host: string;
  /** Undefined: the embedded engine is used. */
  databaseUrl: string | undefined;
  /** Absolute path. The embedded engine keeps its data there. */
  dataFolder: string;
  /** Port on loopback for SQL clients of the embedded engine. Undefined: no port is opened. */
  sqlPort: number | undefined;
  /** The requested time zone. The database keeps that of its first setup. Undefined: by the place of each trip. */
  timeZone: string | undefined;
  minTime: string;
  assignRegions: boolean;
  /** Weeks to keep trips, at least. Their counts are kept forever. Undefined: trips are kept forever too. */
  retentionWeeks: number | undefined;
  /** On TimescaleDB, trips that are this many weeks old move to the columnstore. Undefined: they stay in rows. */
  compressAfterWeeks: number | undefined;
  /** Groups of fewer trips are withheld from all answers. 1: no group is withheld. */
  minTrips: number;
  /** Whether single trips may be read. Default: true if no groups are withheld, else false. */
  exposeTrips: boolean;
  /** The role of BI tools, which read the schema bi. Undefined: there is no such role. The embedded engine has none. */
  biRole: string | undefined;
  biPassword: string | undefined;
  /** Time limit of one query of this role. */
  biTimeoutS: number;
  /** Absolute path. Files that appear in this folder are imported. */
  inboxFolder: string;
  /** Size of a body as it is sent, compressed or not. */
  maxBodyBytes: number;
  /** A body larger than this, compressed or uncompressed, is acknowledged before its rows are stored. */
  syncBodyBytes: number;
  /** Limit of concurrent requests that bring trips. */
  maxRequests: number;
  /** Memory for all clients together: bodies, the rows made of them, answers, and events that wait for followers. */
  maxBufferedBytes: number;
  /** Size of the body of a question, a region, a mapping or a saved query. */
  maxQuestionBytes: number;
  /** Vertices of all areas of one request together. */
  maxVertices: number;
  /** Cells of a CSV row, and keys of a JSON row. */
  maxColumns: number;
  /** A longer row of a stream is rejected and never held whole. */
  maxRowBytes: number;
  /** Attributes of one trip, as JSON. */
  maxAttributesBytes: number;
  /** Levels of objects and arrays in a JSON row. */
  maxNesting: number;
  /** Limit of the rejected rows that are kept for a batch. The others are counted by reason. */
  maxRejectedRows: number;
  maxRejectedBytes: number;
  /** Faults that one error lists. */
  maxFaults: number;
  /** Characters of a name or value that an error shows. */
  maxNameLength: number;
  /** A sender or reader that is slower than this after 10 s is disconnected. 0: no speed is too low. */
  minBytesPerS: number;
  headersTimeoutMs: number;
  /** How long requests are still taken after the signal to stop, while the service is not ready any more. */
  drainMs: number;
  /** The port of `/metrics` alone. Undefined: it is on the port of the API. */
  metricsPort: number | undefined;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` names the client. Undefined: none. */
  trustedProxies: string[] | undefined;
  /** How long a connection is kept without a request. Load balancers keep their connections for 60 s. */
  keepAliveMs: number;
  maxConnections: number;
  /** Host names of requests besides those of loopback. Undefined: no others on loopback, any name elsewhere. */
  allowedHosts: string[] | undefined;
  allowedOrigins: string[] | undefined;
  /** Deadline of the database's part of a request that writes. */
  ingestTimeoutMs: number;
  /** Deadline of a question's statement. */
  questionTimeoutMs: number;
  /** Connections for writing. The embedded engine has one session for everything. */
  ingestConnections: number;
  questionConnections: number;
  /** Limit of questions that wait for a connection. One more gets a 429. */
  maxWaitingQuestions: number;
  /** Limit of the waiting questions of one client. */
  waitingPerClient: number;
  questionWaitMs: number;
  /** A query that would read more rows is refused. */
  maxQueryRows: number;
  /** How long a small request may wait to share a commit with others, and how many rows share one commit. */
  groupCommitMs: number;
  groupCommitRows: number;
  /** Limit of concurrent transactions that write trips. The embedded engine has one session, so it runs one. */
  writers: number;
  /** Signs the delivered callbacks. Undefined: there are no callbacks. */
  callbackSecret: string | undefined;
  /** Whether callbacks may go to private and loopback addresses. */
  callbackAllowPrivate: boolean;
  logLevel: string;
  /** Whether the standard variables of OpenTelemetry ask for traces. */
  traces: boolean;
}

/**
 * Reads the settings.
 *
 * @throws StartError that names each wrong setting and its expected form
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty value means that the setting is not given: compose files and .env produce such values.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = settings.safeParse(given);
  const faults = parsed.error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) ?? [];
  faults.push(...unknownSettings(given, SETTING_NAMES), ...(parsed.success ? authFaults(parsed.data) : []));
  if (!parsed.success || faults.length > 0) throw new StartError(`A setting is not valid. ${faults.join(". ")}.`);
  const s = parsed.data;
  return {
    port: s.PORT,
    host: s.HOST,
    databaseUrl: s.DATABASE_URL,
    ...{ dataFolder: resolve(s.TRIPGRID_DATA_DIR), sqlPort: s.TRIPGRID_SQL_PORT },
    ...{ timeZone: s.TRIPGRID_TIME_ZONE, assignRegions: s.TRIPGRID_ASSIGN_REGIONS === "true" },
    minTime: s.TRIPGRID_MIN_TRIP_DATE,
    retentionWeeks: s.TRIPGRID_RETENTION_WEEKS,
    compressAfterWeeks: s.TRIPGRID_COMPRESS_AFTER_WEEKS,
    minTrips: s.TRIPGRID_MIN_GROUP_SIZE,
    exposeTrips:
      s.TRIPGRID_EXPOSE_TRIPS === undefined ? s.TRIPGRID_MIN_GROUP_SIZE === 1 : s.TRIPGRID_EXPOSE_TRIPS === "true",
    ...{ biRole: s.TRIPGRID_BI_ROLE, biPassword: s.TRIPGRID_BI_PASSWORD },
    biTimeoutS: s.TRIPGRID_BI_TIMEOUT_S,
    inboxFolder: resolve(s.TRIPGRID_INBOX_DIR ?? join(s.TRIPGRID_DATA_DIR, "inbox")),
    maxBodyBytes: s.TRIPGRID_MAX_BODY_MB * 1024 * 1024,
    syncBodyBytes: s.TRIPGRID_SYNC_BODY_MB * 1024 * 1024,
    maxRequests: s.TRIPGRID_MAX_CONCURRENT_INGEST,
    maxBufferedBytes: s.TRIPGRID_MAX_BUFFERED_MB * 1024 * 1024,
    maxQuestionBytes: s.TRIPGRID_MAX_QUESTION_MB * 1024 * 1024,
    maxVertices: s.TRIPGRID_MAX_VERTICES,
    ...{ maxColumns: s.TRIPGRID_MAX_COLUMNS, maxRowBytes: s.TRIPGRID_MAX_ROW_KB * 1024 },
    maxAttributesBytes: s.TRIPGRID_MAX_ATTRIBUTES_KB * 1024,
    maxNesting: s.TRIPGRID_MAX_NESTING,
    ...{ maxRejectedRows: s.TRIPGRID_MAX_REJECTED_ROWS, maxRejectedBytes: s.TRIPGRID_MAX_REJECTED_MB * 1024 * 1024 },
    ...{ maxFaults: s.TRIPGRID_MAX_FAULTS, maxNameLength: s.TRIPGRID_MAX_NAME_LENGTH },
    minBytesPerS: s.TRIPGRID_MIN_RATE_KB * 1024,
    ...{ headersTimeoutMs: s.TRIPGRID_HEADERS_TIMEOUT_S * 1000, drainMs: s.TRIPGRID_DRAIN_S * 1000 },
    ...{ metricsPort: s.TRIPGRID_METRICS_PORT, trustedProxies: s.TRIPGRID_TRUSTED_PROXIES },
    ...{ keepAliveMs: s.TRIPGRID_KEEP_ALIVE_S * 1000, maxConnections: s.TRIPGRID_MAX_CONNECTIONS },
    ...{ allowedHosts: s.TRIPGRID_ALLOWED_HOSTS, allowedOrigins: s.TRIPGRID_ALLOWED_ORIGINS },
    ...authSettingsFrom(s),
    ...{ ingestTimeoutMs: s.TRIPGRID_INGEST_TIMEOUT_S * 1000, questionTimeoutMs: s.TRIPGRID_QUESTION_TIMEOUT_S * 1000 },
    ingestConnections: s.TRIPGRID_INGEST_CONNECTIONS,
    ...{ questionConnections: s.TRIPGRID_QUESTION_CONNECTIONS, maxWaitingQuestions: s.TRIPGRID_MAX_WAITING_QUESTIONS },
    waitingPerClient: s.TRIPGRID_WAITING_PER_CLIENT,
    questionWaitMs: s.TRIPGRID_QUESTION_WAIT_S * 1000,
    maxQueryRows: s.TRIPGRID_MAX_QUERY_ROWS,
    ...{ groupCommitMs: s.TRIPGRID_GROUP_COMMIT_MS, groupCommitRows: s.TRIPGRID_GROUP_COMMIT_ROWS },
    writers: s.TRIPGRID_MAX_CONCURRENT_WRITES,
    callbackSecret: s.TRIPGRID_CALLBACK_SECRET,
    callbackAllowPrivate: s.TRIPGRID_CALLBACK_ALLOW_PRIVATE === "true",
    ...{ ...ratesConfig(s), ...brokerConfig(s), ...detectionConfig(s), ...alertConfig(s) },
    ...{ ...exercisesConfig(s), ...mapConfig(s), ...exportConfig(s) },
    ...{ logLevel: s.TRIPGRID_LOG_LEVEL, traces: wantsTraces(given) },
  };
}
