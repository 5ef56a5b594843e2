import { destination, pino } from "pino";
import type { Config } from "../config.ts";
import { StartError } from "../errors.ts";
import { type Service, startService } from "../service.ts";
import type { Target } from "./target.ts";

/** A service in this process that takes files. It reads them from their place on disk. */
export async function ownTarget(config: Config): Promise<Target> {
  const service = await startOwnService(config);
  const { importFile, findImport, findBatch } = service.deps;
  return {
    take: importFile,
    findImport,
    findBatch,
    rejectsAt: (batchId) => `/v1/batches/${batchId}/rejects of the service, once it runs: npx tripgrid start`,
    partingWords: () =>
      "Stopped. The same command goes on where this one was stopped, and so does the service once it runs.",
    stop: service.stop,
  };
}

/**
 * Starts a service for the duration of the command, on a random port. It leaves the inbox to the permanent service.
 *
 * @throws StartError
 */
export async function startOwnService(config: Config): Promise<Service> {
  const log = pino({ level: "warn" }, destination(2));
  const own: Config = { ...config, host: "127.0.0.1", port: 0, sqlPort: undefined, firstKeyFile: undefined };
  const onCrash = (error: Error) => {
    process.stderr.write(`tripgrid: ${error.message}\n`);
    process.exit(1);
  };
  return startService(own, log, onCrash, { inboxMs: undefined }).catch((error) => {
    if (!(error instanceof StartError) || !error.message.includes("is in use")) throw error;
    throw new StartError(`${error.message} If it is a service that runs, say where it listens: --url URL.`);
  });
}
