import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

describe("a service with wrong settings", () => {
  it.concurrent.each<[string, Record<string, string>, RegExp]>([
    ["a port that is no number", { PORT: "abc" }, /PORT: /],
    ["a port that is too high", { PORT: "70000" }, /PORT: /],
    ["another kind of database", { DATABASE_URL: "mysql://localhost/trips" }, /DATABASE_URL: /],
    ["a zone that there is not", { TRIPGRID_TIME_ZONE: "Mars/Olympus_Mons" }, /TRIPGRID_TIME_ZONE: /],
    ["a time that is none", { TRIPGRID_MIN_TRIP_DATE: "yesterday" }, /TRIPGRID_MIN_TRIP_DATE: /],
    ["several faults", { PORT: "abc", TRIPGRID_LOG_LEVEL: "loud" }, /PORT: .*TRIPGRID_LOG_LEVEL: /],
    [
      "a folder that a file is in the way of",
      { TRIPGRID_DATA_DIR: "package.json/data" },
      /data folder .*cannot be used/,
    ],
  ])("does not start, and names them in one sentence: %s", async (_, env, sentence) => {
    const { status, stderr } = await run("dist/main.js", [], env);
    expect(status).toBe(1);
    expect(stderr).toMatch(sentence);
    // One line has no room for a stack trace.
    expect(stderr).toMatch(/^tripgrid: [A-Z][^\n]+\n$/);
  });
});
