import { isAbsolute } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { StartError } from "../src/errors.ts";

describe("the settings", () => {
  it("have defaults", () => {
    const { dataFolder, inboxFolder, ...config } = readConfig({});
    expect(config).toEqual({
      port: 8080,
      host: "127.0.0.1",
      databaseUrl: undefined,
      sqlPort: undefined,
      timeZone: undefined,
      minTime: "2000-01-01",
      biRole: undefined,
      biPassword: undefined,
      biTimeoutS: 30,
      minTrips: 1,
      showTrips: true,
      maxBodyBytes: 256 * 1024 * 1024,
      syncBodyBytes: 8 * 1024 * 1024,
      maxRequests: 1000,
      inflightBytes: 32 * 1024 * 1024,
      gatherMs: 5,
      gatherRows: 5000,
      writers: 3,
      callbackSecret: undefined,
      callbackAllowPrivate: false,
      poolSize: 10,
      logLevel: "info",
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
    ["TRIPGRID_BI_ROLE", "Robert'); drop"],
    ["TRIPGRID_BI_ROLE", "pg_monitor"],
    ["TRIPGRID_BI_PASSWORD", "short"],
    ["TRIPGRID_BI_TIMEOUT_S", "0"],
    ["TRIPGRID_MIN_TIME", "2000-02-30"],
    ["TRIPGRID_MAX_BODY_MB", "0"],
    ["TRIPGRID_POOL_SIZE", "1.5"],
    ["TRIPGRID_LOG_LEVEL", "loud"],
  ])("are refused by name: %s=%s", (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(StartError);
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`A setting is not valid\\. ${name}: `));
  });

  it("are refused all at once", () => {
    expect(() => readConfig({ PORT: "x", TRIPGRID_LOG_LEVEL: "loud" })).toThrow(/PORT: .*TRIPGRID_LOG_LEVEL: /);
  });
});
