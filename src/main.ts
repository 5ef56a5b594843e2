import { parseArgs } from "node:util";
import { pino } from "pino";
import { readConfig } from "./config.ts";
import { isAway } from "./db/client.ts";
import { demo } from "./demo/demo.ts";
import { StartError } from "./errors.ts";
import { startService } from "./service.ts";

/** The service as a process: starts it, stops it in order on SIGTERM and SIGINT, and says in one sentence why it cannot. */
async function main(): Promise<void> {
  const flags = readFlags();
  const config = readConfig();
  const log = pino({ level: config.logLevel });
  const service = await startService(config, log, (error) => {
    log.fatal(error.message);
    process.exit(1);
  });
  log.info(
    `Tripgrid ${service.deps.version} listens on ${service.url} (${service.prepared.engine}); its documentation is at ${service.url}/docs`,
  );
  process.on("uncaughtException", (error) => {
    if (isLostConnection(error))
      return log.warn("the connection to the database was lost, and the driver did not say to whom");
    log.fatal({ err: error }, "a fault of ours: the service ends");
    process.exit(1);
  });
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info(`${signal}: finishing what is under way`);
    await service.stop();
    process.exit(0);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  if (flags.demo) await demo(service.url, service.deps, flags.trips, (line) => process.stdout.write(`${line}\n`));
}

/**
 * What postgres.js throws outside of anything that could catch it when a connection is lost: it sends the rollback of a
 * transaction to a socket that is no more, and asks for the types of arrays on its own account when it connects. Whoever
 * waited for the connection has been refused by then, so there is nothing left to do.
 */
function isLostConnection(error: Error & { code?: unknown }): boolean {
  const { message, stack = "", code } = error;
  // A connection that is refused has no line of the driver in its stack.
  if (typeof code === "string") return isAway(code);
  return (
    stack.includes("postgres/src/connection.js") && error instanceof TypeError && message.includes("reading 'write'")
  );
}

/** `--demo` fills an empty database with a sample; `--trips N` says how large. */
function readFlags(): { demo: boolean; trips: number | undefined } {
  try {
    const { values } = parseArgs({ options: { demo: { type: "boolean", default: false }, trips: { type: "string" } } });
    const trips = values.trips === undefined ? undefined : Number(values.trips);
    if (trips !== undefined && !Number.isSafeInteger(trips)) throw new RangeError("--trips: expected a whole number");
    return { demo: values.demo, trips };
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}

main().catch((error: unknown) => {
  // One sentence for whoever set it up wrongly; a stack trace is for faults of ours.
  process.stderr.write(error instanceof StartError ? `tripgrid: ${error.message}\n` : `${(error as Error).stack}\n`);
  process.exit(1);
});
