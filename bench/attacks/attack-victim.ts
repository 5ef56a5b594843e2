import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Sql } from "../../src/database/client.ts";
import type { Engine } from "../../src/database/engine.ts";
import { type BlackHole, startBlackHole } from "../../test/attacks/harness/black-hole.ts";
import { childrenOf, mountSmall } from "../../test/attacks/harness/harm.ts";
import { startCluster } from "../../test/harness/cluster.ts";
import { type BenchService, startBenchService } from "../lib/service.ts";
import { programsOf } from "../lib/target.ts";

/** A service, its database on a server and a disk of its own, and a network between the two; all of it may be broken. */
export interface Victim {
  service: BenchService;
  /** A way to the database that nothing breaks but the server itself. */
  sql: Sql;
  network: BlackHole;
  /** The server's processes: the first one, and those that it has begun. */
  serverPids(): number[];
  /** Starts the server again if it has ended by itself: one whose disk is full may. */
  reviveServer(): Promise<void>;
  /** The disk of the database; undefined where this user may mount none. */
  disk: string | undefined;
  /** Whether the service's process is there. */
  isAlive(): boolean;
  /** Starts the service after it was killed, however long its database lets it wait. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Enough for ten minutes of load, and little enough to be filled within a second. */
const DISK_MB = 1500;

/**
 * @param throughNetwork whether the service reaches its database through what may be broken. That is part of this process, so
 *                       what a crowd of clients does here would hold it up.
 */
export async function openVictim(engine: Exclude<Engine, "embedded">, throughNetwork: boolean): Promise<Victim> {
  const folder = mkdtempSync(join(tmpdir(), "tg-attacks-"));
  chmodSync(folder, 0o711);
  const disk = join(folder, "disk");
  const mounted = mountSmall(disk, DISK_MB);
  const data = join(disk, "server");
  // As in production, but for what only the machine's own end would show.
  const settings = { shared_buffers: "256MB", max_wal_size: "512MB" };
  const cluster = await startCluster(data, programsOf(engine), engine, settings);
  const clear = () => {
    process.off("exit", clear);
    cluster.stop();
    mounted?.unmount();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", clear);
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => process.exit(1));
  const network = await startBlackHole(cluster.url);
  const env = { TRIPGRID_DATA_DIR: join(folder, "tripgrid"), DATABASE_URL: throughNetwork ? network.url : cluster.url };
  const postmaster = () => Number(readFileSync(join(data, "data/postmaster.pid"), "utf8").split("\n")[0]);
  const victim: Victim = {
    service: await startBenchService(env, undefined),
    sql: createClient({ url: cluster.url }, { max: 2 }),
    network,
    serverPids: () => [postmaster(), ...childrenOf(postmaster())],
    reviveServer: cluster.revive,
    disk: mounted ? disk : undefined,
    isAlive: () => existsSync(`/proc/${victim.service.pid}`),
    restart: async () => {
      for (let tries = 1; ; tries++) {
        try {
          victim.service = await startBenchService(env, undefined);
          return;
        } catch (error) {
          // It says that its database is away, and ends: what runs it starts it again.
          if (tries === 30) throw error;
          await sleep(1000);
        }
      }
    },
    stop: async () => {
      await victim.sql.end({ timeout: 5 });
      await victim.service.stop();
      network.close();
      clear();
    },
  };
  return victim;
}
