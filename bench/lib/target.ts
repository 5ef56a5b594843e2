import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENGINES, type Engine } from "../../src/database/engine.ts";
import { freePort, startCluster } from "../../test/harness/cluster.ts";
import { findEngines } from "../../test/harness/engines.ts";

/** A database to measure on. */
export interface Target {
  /** Everything that a run writes is in here; it goes in the end. */
  folder: string;
  /** The settings that lead a service there. */
  env: Record<string, string>;
  /** Where its SQL is reached; of the embedded engine only as long as a service runs on it. */
  url: string;
  isEmbedded: boolean;
  stop(): void;
}

/** As in production: nothing that is acknowledged is lost with the machine, and checkpoints are rare. */
const SERVER_SETTINGS = {
  shared_buffers: "1GB",
  max_wal_size: "8GB",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
};

/**
 * Opens what a bench runs on: the database of `DATABASE_URL`, or a throwaway one of an engine. What was started is
 * stopped at the latest when this process ends.
 *
 * @throws RangeError if neither or both are given, or the engine is not to be had
 */
export async function openTarget(name: string | undefined, databaseUrl: string | undefined): Promise<Target> {
  if ((name === undefined) === (databaseUrl === undefined)) {
    throw new RangeError(`expected DATABASE_URL or --engine ${ENGINES.join("|")}, and not both`);
  }
  const engine = ENGINES.find((one) => one === name);
  if (name !== undefined && !engine) throw new RangeError(`--engine: expected ${ENGINES.join(", ")}`);
  const folder = mkdtempSync(join(tmpdir(), "tg-bench-"));
  // The server may run as another user, who has to reach its own folder in here.
  chmodSync(folder, 0o711);
  let stopServer = () => {};
  const stop = () => {
    process.off("exit", stop);
    stopServer();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", stop);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const base = { folder, stop, isEmbedded: engine === "embedded" };
  const data = { TRIPGRID_DATA_DIR: join(folder, "tripgrid") };
  if (engine === "embedded") {
    const port = await freePort();
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    return { ...base, url, env: { ...data, TRIPGRID_SQL_PORT: String(port) } };
  }
  let url = databaseUrl;
  if (engine) {
    const cluster = await startCluster(join(folder, "cluster"), programsOf(engine), engine, SERVER_SETTINGS);
    stopServer = cluster.stop;
    url = cluster.url;
  }
  return { ...base, url: url ?? "", env: { ...data, DATABASE_URL: url ?? "" } };
}

/** The folder with the programs of an engine. */
export function programsOf(engine: Engine): string {
  // Servers that tests are given by URL are not for benches: their settings are anyone's guess.
  const found = findEngines({ PATH: process.env.PATH, TRIPGRID_TEST_FULL: "true" }).find(
    (one) => one.engine === engine,
  );
  if (found && "server" in found && found.server.kind === "programs") return found.server.bin;
  throw new RangeError(`--engine ${engine}: ${found && "missing" in found ? found.missing : "no programs were found"}`);
}
