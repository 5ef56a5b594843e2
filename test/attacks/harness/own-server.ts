import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { type Cluster, startCluster } from "../../harness/cluster.ts";
import { engine, type TestDatabase } from "../../harness/index.ts";
import { childrenOf } from "./harm.ts";

/** A database on a server of the test's own, which may be broken in any way. */
export interface OwnServer {
  cluster: Cluster;
  /** The processes of the server: the first one, and all that it has begun. */
  pids(): number[];
  database: TestDatabase;
}

/**
 * Starts a server for faults that the shared one must not have. The service sets its database up itself.
 *
 * @param folder where its data is; in the run's own folder unless told
 */
export async function startOwnServer(
  folder = join(inject("store").folder, randomBytes(4).toString("hex")),
): Promise<OwnServer> {
  const server = inject("server");
  if (server.kind !== "programs") throw new Error("This machine's server programs were not found.");
  // Small, since it may have to fit where there is little room.
  const settings = { shared_buffers: "64MB", max_wal_size: "96MB", min_wal_size: "32MB" };
  const cluster = await startCluster(folder, server.bin, engine, settings);
  const postmaster = Number(readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n")[0]);
  const dataFolder = join(inject("store").folder, randomBytes(4).toString("hex"));
  mkdirSync(dataFolder);
  return {
    cluster,
    pids: () => [postmaster, ...childrenOf(postmaster)],
    database: {
      databaseUrl: cluster.url,
      dataFolder,
      env: { TRIPGRID_DATA_DIR: dataFolder, DATABASE_URL: cluster.url },
      drop: async () => cluster.stop(),
    },
  };
}
