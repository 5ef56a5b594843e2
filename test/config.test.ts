import { isAbsolute } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { StartError } from "../src/errors.ts";

describe("the settings", () => {
  it("have defaults", () => {
    const { dataFolder, inboxFolder, ...config } = readConfig({});
    expect(config).toEqual({
      port: 8080,
      alertsTopic: "intellisite.alerts",
      alertDays: 90,
      detectionsTopic: "intellisite.detections",
      host: "127.0.0.1",
      databaseUrl: undefined,
      sqlPort: undefined,
      timeZone: undefined,
      assignRegions: false,
      minTime: "2000-01-01",
      biRole: undefined,
      biPassword: undefined,
      biTimeoutS: 30,
      brokerGroup: "tripgrid",
      brokerSasl: "scram-sha-512",
      brokerTls: false,
      brokerPartitions: 1,
      minTrips: 1,
      exportTimeoutMs: 7_200_000,
      exposeTrips: true,
      exercises: true,
      rates: { requestsPerS: 2000, rowsPerS: 200_000, bytesPerS: 100 * 1024 * 1024 },
      maxBadCredentials: 100,
      maxFailedLogins: 10,
      maxFailedLoginsOfAddress: 30,
      maxBodyBytes: 256 * 1024 * 1024,
      syncBodyBytes: 8 * 1024 * 1024,
      maxRequests: 1000,
      maxBufferedBytes: 192 * 1024 * 1024,
      maxQuestionBytes: 4 * 1024 * 1024,
      maxVertices: 50_000,
      maxColumns: 1000,
      maxRowBytes: 4 * 1024 * 1024,
      maxAttributesBytes: 64 * 1024,
      maxNesting: 32,
      maxRejectedRows: 100_000,
      maxRejectedBytes: 64 * 1024 * 1024,
      maxFaults: 10,
      maxNameLength: 100,
      minBytesPerS: 1024,
      headersTimeoutMs: 60_000,
      keepAliveMs: 75_000,
      maxConnections: 10_000,
      allowedHosts: undefined,
      allowedOrigins: undefined,
      jwtAlgorithms: ["RS256", "PS256", "ES256", "EdDSA"],
      jwtSkewS: 30,
      jwtScopeClaim: "scope",
      tokenMinutes: 15,
      refreshDays: 30,
      ingestTimeoutMs: 10_000,
      questionTimeoutMs: 60_000,
      ingestConnections: 6,
      questionConnections: 4,
      maxWaitingQuestions: 100,
      waitingPerClient: 50,
      questionWaitMs: 10_000,
      maxQueryRows: 50_000_000,
      groupCommitMs: 5,
      groupCommitRows: 5000,
      writers: 3,
      callbackSecret: undefined,
      callbackAllowPrivate: false,
      logLevel: "info",
      traces: false,
      drainMs: 0,
      metricsPort: undefined,
      trustedProxies: undefined,
    });
    expect(isAbsolute(dataFolder)).toBe(true);
    expect(dataFolder).toMatch(/\.tripgrid$/);
    expect(inboxFolder).toBe(`${dataFolder}/inbox`);
  });

  it("are read from the environment, as numbers where they are numbers", () => {
    expect(
      readConfig({
        PORT: "0",
        DATABASE_URL: "postgres://u:p@host:5432/db",
        TRIPGRID_SQL_PORT: "6543",
        TRIPGRID_TIME_ZONE: "Asia/Kolkata",
        TRIPGRID_MAX_BODY_MB: "1",
      }),
    ).toMatchObject({
      port: 0,
      databaseUrl: "postgres://u:p@host:5432/db",
      sqlPort: 6543,
      timeZone: "Asia/Kolkata",
      maxBodyBytes: 1024 * 1024,
    });
  });

  it("may be lists", () => {
    const given = { TRIPGRID_ALLOWED_HOSTS: "Trips.example, [::2]", TRIPGRID_ALLOWED_ORIGINS: "https://maps.example" };
    const lists = { allowedHosts: ["trips.example", "[::2]"], allowedOrigins: ["https://maps.example"] };
    expect(readConfig(given)).toMatchObject(lists);
  });

  it("that are empty were not given", () => {
    expect(readConfig({ DATABASE_URL: "", PORT: "" })).toMatchObject({ databaseUrl: undefined, port: 8080 });
  });

  it.each([
    ["PORT", "http"],
    ["PORT", "65536"],
    ["DATABASE_URL", "mysql://host/db"],
    ["DATABASE_URL", "host/db"],
    ["TRIPGRID_SQL_PORT", "0"],
    ["TRIPGRID_TIME_ZONE", "Mars/Olympus"],
    ["TRIPGRID_TIME_ZONE", "+05:30"],
    ["TRIPGRID_TIME_ZONE", "CET"],
    ["TRIPGRID_BI_ROLE", "Robert'); drop"],
    ["TRIPGRID_BI_ROLE", "pg_monitor"],
    ["TRIPGRID_BI_PASSWORD", "short"],
    ["TRIPGRID_BI_TIMEOUT_S", "0"],
    ["TRIPGRID_MIN_TRIP_DATE", "2000-02-30"],
    ["TRIPGRID_MAX_BODY_MB", "0"],
    ["TRIPGRID_ALLOWED_HOSTS", "trips.example:8080"],
    ["TRIPGRID_ALLOWED_ORIGINS", "https://maps.example/"],
    ["TRIPGRID_INGEST_CONNECTIONS", "1.5"],
    ["TRIPGRID_LOG_LEVEL", "loud"],
  ])("are refused by name: %s=%s", (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(StartError);
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`A setting is not valid\\. ${name}: `));
  });

  it("are refused all at once", () => {
    expect(() => readConfig({ PORT: "x", TRIPGRID_LOG_LEVEL: "loud" })).toThrow(/PORT: .*TRIPGRID_LOG_LEVEL: /);
  });

  it("that there are not are refused with the nearest name", () => {
    expect(() => readConfig({ TRIPGRID_MIN_GROUPSIZE: "5" })).toThrow(
      "TRIPGRID_MIN_GROUPSIZE: there is no such setting; TRIPGRID_MIN_GROUP_SIZE is the nearest",
    );
    expect(() => readConfig({ TRIPGRID_LETS_HAVE_CAKE_AND_EAT_IT: "5" })).toThrow(".env.example lists all of them");
    expect(readConfig({ TRIPGRID_TEST_REQUIRE: "postgres", LANG: "C" })).toEqual(readConfig({}));
  });
});
