import { execFile, execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFile, chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Engine } from "../../src/database/engine.ts";

export interface Cluster {
  /** Leads a superuser to the database `postgres`. */
  url: string;
  /** Synchronous, so that it can also be called while the process exits. */
  stop(): void;
  /**
   * Stops the server, in order (`fast`) or as if it had crashed (`immediate`), and starts it again.
   *
   * @param meanwhile called while there is no server
   */
  restart(mode: "fast" | "immediate", meanwhile?: () => Promise<unknown>): Promise<void>;
  /** Starts the server again if it has ended by itself, as what runs a server does. */
  revive(): Promise<void>;
}

const run = promisify(execFile);

/**
 * Starts a throwaway PostgreSQL server in a folder, on a free port of loopback.
 *
 * @param extra settings that differ from those the suites run with
 */
export async function startCluster(
  folder: string,
  bin: string,
  engine: Engine,
  extra: Record<string, string> = {},
): Promise<Cluster> {
  const user = serverUser();
  await mkdir(folder);
  if (user) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const password = randomUUID();
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password);
  if (user) await chown(passwordFile, user.uid, user.gid);
  const options = { cwd: folder, ...user };
  // Passwords are asked for, so that a wrong one is refused; and the collation is a language's, so that what is sorted
  // or compared without saying how differs from the embedded engine, whose collation is C.
  const initdb = ["-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", passwordFile, "-N", "-E", "UTF8"];
  await run(
    join(bin, "initdb"),
    [...initdb, "--locale", "C", "--locale-provider", "icu", "--icu-locale", "en"],
    options,
  );
  const port = await freePort();
  await appendFile(join(data, "postgresql.conf"), settings(engine, port, extra));

  const pgCtl = join(bin, "pg_ctl");
  const log = join(folder, "log");
  const start = () => run(pgCtl, ["-D", data, "-l", log, "-w", "start"], options);
  try {
    await start();
  } catch {
    throw new Error(
      `The ${engine} test server does not start:\n${await readFile(log, "utf8").catch(() => "(no log)")}`,
    );
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: () => execFileSync(pgCtl, ["-D", data, "-m", "immediate", "-w", "stop"], { ...options, stdio: "ignore" }),
    restart: async (mode, meanwhile) => {
      await run(pgCtl, ["-D", data, "-m", mode, "-w", "stop"], options);
      await meanwhile?.();
      await start();
    },
    revive: async () => {
      const isRunning = await run(pgCtl, ["-D", data, "status"], options).then(
        () => true,
        () => false,
      );
      if (!isRunning) await start();
    },
  };
}

function settings(engine: Engine, port: number, extra: Record<string, string>): string {
  const common = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port,
    max_connections: 100,
    shared_buffers: "256MB",
    // Nothing here has to survive the machine; it does survive the death of a process, which is what tests kill.
    fsync: "off",
    full_page_writes: "off",
  };
  const timescale = {
    shared_preload_libraries: "timescaledb",
    "timescaledb.max_background_workers": 0,
    "timescaledb.telemetry_level": "off",
  };
  const all = { ...common, ...(engine === "timescaledb" ? timescale : {}), ...extra };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join("");
}

/** PostgreSQL refuses to run as root, so root runs it as the user that its packages make. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/**
 * Below the ports that a system gives to outgoing connections (from 32768 on Linux): such a connection could take a port
 * before its server listens, or while the server is stopped.
 */
const [FIRST_PORT, PORTS] = [15_000, 15_000];
/** Files run in several processes at once, each of which begins elsewhere. */
let lastPort = FIRST_PORT + ((process.pid * 101) % PORTS);

/** A port on which nothing listens, another one at each call. */
export async function freePort(): Promise<number> {
  for (;;) {
    lastPort = FIRST_PORT + ((lastPort + 1 - FIRST_PORT) % PORTS);
    if (await isFree(lastPort)) return lastPort;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
