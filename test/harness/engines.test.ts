import { describe, expect, it } from "vitest";
import { findEngines } from "./engines.ts";

const URL_VARIABLES = {
  TRIPGRID_TEST_POSTGRES_URL: "postgres://u:p@one/postgres",
  TRIPGRID_TEST_TIMESCALEDB_URL: "postgres://u:p@two/postgres",
};

describe("findEngines", () => {
  it("takes the servers that it is given", () => {
    expect(findEngines({ ...URL_VARIABLES, TRIPGRID_TEST_REQUIRE: "timescaledb, embedded,postgres" })).toEqual([
      { engine: "embedded", server: { kind: "none" } },
      { engine: "postgres", server: { kind: "url", url: "postgres://u:p@one/postgres" } },
      { engine: "timescaledb", server: { kind: "url", url: "postgres://u:p@two/postgres" } },
    ]);
  });

  it("takes an engine that is not to be had as missing, unless it is required", () => {
    for (const found of findEngines({ TRIPGRID_TEST_FULL: "true" })) {
      const require = () => findEngines({ TRIPGRID_TEST_REQUIRE: found.engine });
      if ("missing" in found) expect(require).toThrow(found.missing);
      else expect(require).not.toThrow();
    }
  });

  it("leaves timescaledb to the full run, unless it is asked for", () => {
    const hasTimescale = (env: Record<string, string>) =>
      findEngines(env).some((found) => found.engine === "timescaledb" && "server" in found);
    expect(hasTimescale({})).toBe(false);
    expect(hasTimescale({ TRIPGRID_TEST_TIMESCALEDB_URL: URL_VARIABLES.TRIPGRID_TEST_TIMESCALEDB_URL })).toBe(true);
  });

  it("refuses to require what is no engine", () => {
    expect(() => findEngines({ TRIPGRID_TEST_REQUIRE: "postgress" })).toThrow("postgress, which is no engine");
  });
});
