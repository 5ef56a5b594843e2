import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Engine } from "../../src/database/engine.ts";
import { PROGRAM_NAMES } from "./find-programs.ts";

/** Where an engine's databases are made: nowhere but in this process, on a server that runs, or by a server's programs. */
export type Server = { kind: "none" } | { kind: "url"; url: string } | { kind: "programs"; bin: string };

export type FoundEngine = { engine: Engine; server: Server } | { engine: Engine; missing: string };

type Env = Record<string, string | undefined>;

/** Whether everything is run: all engines, the attacks, and the full counts. */
export const isFull = (env: Env): boolean => env.TRIPGRID_TEST_FULL === "true";

/** How often something random is tried: what the variable says, or what is usual in a run of this kind. */
export const countFrom = (variable: string, usual: number, full: number): number =>
  Number(process.env[variable] ?? (isFull(process.env) ? full : usual));

/**
 * Which engines this machine has, each with its server or with the reason why there is none.
 *
 * `timescaledb` only counts in the full run, or where it is asked for.
 *
 * @throws if `TRIPGRID_TEST_REQUIRE` names one that is not to be had, so that a run without it cannot pass for complete
 */
export function findEngines(env: Env): FoundEngine[] {
  const bins = serverPrograms(env.PATH ?? "");
  const lacksAny = (bin: string) => lacksPostgis(bin) ?? lacksTimescale(bin);
  const found: FoundEngine[] = [
    { engine: "embedded", server: { kind: "none" } },
    findServer("postgres", env.TRIPGRID_TEST_POSTGRES_URL, bins, lacksPostgis),
    findServer("timescaledb", env.TRIPGRID_TEST_TIMESCALEDB_URL, bins, lacksAny),
  ];
  const required = (env.TRIPGRID_TEST_REQUIRE ?? "").split(",").map((part) => part.trim());
  for (const name of required) {
    if (name === "" || PROGRAM_NAMES.has(name)) continue;
    const engine = found.find((one) => one.engine === name);
    if (!engine) throw new Error(`TRIPGRID_TEST_REQUIRE names ${name}, which is no engine.`);
    if ("missing" in engine) throw new Error(`TRIPGRID_TEST_REQUIRE names ${name}, but ${engine.missing}.`);
  }
  // It has the same suites as postgres, which take as long again.
  const isWanted = isFull(env) || required.includes("timescaledb") || env.TRIPGRID_TEST_TIMESCALEDB_URL;
  return found.map((one) =>
    one.engine === "timescaledb" && !isWanted && !("missing" in one)
      ? { engine: one.engine, missing: "it is part of npm run test:full" }
      : one,
  );
}

function findServer(
  engine: Engine,
  url: string | undefined,
  bins: string[],
  lacks: (bin: string) => string | undefined,
): FoundEngine {
  if (url) return { engine, server: { kind: "url", url } };
  const bin = bins.find((one) => lacks(one) === undefined);
  if (bin) return { engine, server: { kind: "programs", bin } };
  const [newest] = bins;
  if (!newest) return { engine, missing: "no PostgreSQL server was found on the PATH or in /usr/lib/postgresql" };
  return { engine, missing: `${lacks(newest)} on the server found at ${newest}` };
}

/** The folders with a server's programs: the PATH's choice first, then Debian's, newest first. */
function serverPrograms(path: string): string[] {
  const onPath = path.split(delimiter).map((folder) => join(folder, "initdb"));
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const initdbs = [...onPath, ...versions.map((version) => join(debian, version, "bin/initdb"))].filter(existsSync);
  // On the PATH it is often a link; the other programs are where it leads.
  const bins = initdbs.map((path) => dirname(realpathSync(path)));
  return [...new Set(bins)].filter((bin) => existsSync(join(bin, "pg_config")));
}

function lacksPostgis(bin: string): string | undefined {
  return existsSync(join(askPgConfig(bin, "--sharedir"), "extension/postgis.control"))
    ? undefined
    : "the extension postgis is not installed";
}

function lacksTimescale(bin: string): string | undefined {
  if (!existsSync(join(askPgConfig(bin, "--sharedir"), "extension/timescaledb.control"))) {
    return "the extension timescaledb is not installed";
  }
  // The Community edition is a library of its own; the Apache one counts as stock PostgreSQL.
  return readdirSync(askPgConfig(bin, "--pkglibdir")).some((name) => name.startsWith("timescaledb-tsl"))
    ? undefined
    : "only the Apache edition of timescaledb is installed";
}

/** What `pg_config` of a server says, such as `--sharedir`. */
export const askPgConfig = (bin: string, question: string) =>
  execFileSync(join(bin, "pg_config"), [question], { encoding: "utf8" }).trim();
