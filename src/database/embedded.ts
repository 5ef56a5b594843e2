import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { StartError } from "../errors.ts";
import { lockDataFolder } from "./data-folder-lock.ts";
import type { EmbeddedWorkerData } from "./embedded-worker.js";
import { postgisBundle } from "./postgis-bundle.ts";
import { copyPrepared } from "./prepared-folder.ts";

export interface EmbeddedEngine {
  /** Holds `.s.PGSQL.5432`, as PostgreSQL's own clients expect it. */
  socketFolder: string;
  /** Closes the database and releases its folder. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded engine on a data folder, which it holds exclusively until it is stopped.
 *
 * @param onCrash called if the engine ends by itself
 * @throws StartError if the folder is in use or the engine does not start
 */
export async function startEmbedded(
  dataFolder: string,
  sqlPort: number | undefined,
  onCrash: (error: Error) => void,
): Promise<EmbeddedEngine> {
  const unlock = lockDataFolder(dataFolder);
  // Not in the data folder: the path of a socket must be shorter than 108 bytes.
  const socketFolder = mkdtempSync(join(tmpdir(), "tripgrid-"));
  const release = () => {
    rmSync(socketFolder, { recursive: true, force: true });
    unlock();
  };
  const workerData: EmbeddedWorkerData = {
    dataFolder: join(dataFolder, "pgdata"),
    socketPath: join(socketFolder, ".s.PGSQL.5432"),
    sqlPort,
    postgisBundle: postgisBundle(),
  };
  let worker: Worker;
  try {
    if (!existsSync(workerData.dataFolder)) await copyPrepared(workerData.dataFolder);
    worker = new Worker(new URL("./embedded-worker.js", import.meta.url), { workerData, execArgv: [] });
    await answer(worker);
  } catch (error) {
    release();
    throw new StartError(`The embedded database in ${dataFolder} does not start: ${(error as Error).message}.`);
  }
  const crashed = (error: Error) => onCrash(error);
  const exited = () => onCrash(new Error("The embedded database has ended."));
  worker.on("error", crashed).on("exit", exited);
  return {
    socketFolder,
    stop: async () => {
      worker.off("error", crashed).off("exit", exited);
      const closed = answer(worker);
      worker.postMessage("stop");
      try {
        await closed;
      } finally {
        await worker.terminate();
        release();
      }
    },
  };
}

/** The worker's next message; an error or an early end of the thread rejects. */
function answer(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (status: number) => reject(new Error(`its thread ended with status ${status}`));
    worker.once("error", reject).once("exit", onExit);
    worker.once("message", (message) => {
      worker.off("error", reject).off("exit", onExit);
      resolve(message);
    });
  });
}
