import { parseArgs } from "node:util";
import { destination, pino } from "pino";
import { type Config, readConfig } from "./config.ts";
import { isAway } from "./database/client.ts";
import { demo } from "./demo/demo.ts";
import { produceDetections } from "./demo/produce-detections.ts";
import { StartError } from "./errors.ts";
import { brokerSettings } from "./messaging/broker-settings.ts";
import { startService } from "./service.ts";

/**
 * How the log is written: in the background, some lines at a time, and at the exit. A reader of the log that stalls does
 * not stop the service: lines are dropped while more than 16 MB wait. A line waits for 50 ms at most. Written one by one,
 * the lines of a crowd wake another thread thousands of times a second.
 */
const LOG = { dest: 1, sync: false, maxLength: 16 * 1024 * 1024, minLength: 4096, periodicFlush: 50 };

/** Runs the service as a process. SIGTERM and SIGINT stop it in order. If it cannot start, it prints one sentence. */
async function main(): Promise<void> {
  const flags = readFlags();
  const config = withBroker(readConfig(), flags.broker);
  const log = pino({ level: config.logLevel }, destination(LOG));
  let leaveLastWords = () => {};
  const service = await startService(config, log, (error) => {
    log.fatal(error.message);
    leaveLastWords();
    process.exit(1);
  });
  leaveLastWords = service.leaveLastWords;
  log.info(
    `Tripgrid ${service.deps.version} listens on ${service.url} (${service.prepared.engine}); its documentation is at ${service.url}/docs`,
  );
  process.on("uncaughtException", (error) => {
    if (isLostConnection(error))
      return log.warn("the connection to the database was lost, and the driver did not say to whom");
    log.fatal({ err: error }, "a fault of ours: the service ends");
    leaveLastWords();
    process.exit(1);
  });
  let producer: Awaited<ReturnType<typeof produceDetections>>;
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info(`${signal}: finishing what is under way`);
    await producer?.stop();
    await service.stop();
    process.exit(0);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  if (flags.demo) {
    const deps = { ...service.deps, ownKey: service.ownKey };
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    await demo(service.url, deps, flags.trips, print);
    producer = await produceDetections(config);
    if (producer) {
      print(`\nTen made-up vehicles a second go to the topic ${producer.topic}. See them, and follow the alerts:`);
      print(`$ curl '${service.url}/v1/detections/stats?by=make'`);
      print(`$ curl -N -H 'Accept: text/event-stream' ${service.url}/v1/alerts`);
    }
  }
}

/** The settings with the broker of `--broker`, and with a rule on SUVs unless they name another one. */
function withBroker(config: Config, brokerUrl: string | undefined): Config {
  if (brokerUrl === undefined) return config;
  const wanted = { ...config, brokerUrl, suspiciousVehicle: config.suspiciousVehicle ?? ["SUV"] };
  if (!brokerSettings(wanted)) throw new StartError("--broker: expected kafka://HOST:PORT or nats://HOST:PORT");
  return wanted;
}

/**
 * Whether postgres.js threw this error because a connection was lost. It throws some errors where nothing can catch
 * them: it sends the rollback of a transaction to a closed socket, and it asks for the types of arrays by itself when
 * it connects. By then the callers that waited for the connection have their error, so nothing is left to do.
 */
function isLostConnection(error: Error & { code?: unknown }): boolean {
  const { message, stack = "", code } = error;
  // The stack of a refused connection has no line of the driver.
  if (typeof code === "string") return isAway(code);
  return (
    stack.includes("postgres/src/connection.js") && error instanceof TypeError && message.includes("reading 'write'")
  );
}

/**
 * Reads the flags. `--demo` fills an empty database with a sample, `--trips N` sets its size, and `--broker URL` sends
 * made-up detections by a topic.
 */
function readFlags(): { demo: boolean; trips: number | undefined; broker: string | undefined } {
  try {
    const { values } = parseArgs({
      options: { demo: { type: "boolean", default: false }, trips: { type: "string" }, broker: { type: "string" } },
    });
    const trips = values.trips === undefined ? undefined : Number(values.trips);
    if (trips !== undefined && !Number.isSafeInteger(trips)) throw new RangeError("--trips: expected a whole number");
    return { demo: values.demo, trips, broker: values.broker };
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}

main().catch((error: unknown) => {
  // A wrong setup prints one sentence. A fault of the service prints its stack trace.
  process.stderr.write(error instanceof StartError ? `tripgrid: ${error.message}\n` : `${(error as Error).stack}\n`);
  process.exit(1);
});
