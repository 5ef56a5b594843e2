import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./cluster.ts";

const running = new Set<ChildProcess>();
// Benches use this file too, which know no hooks of a test file.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function start(program: string, args: string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

export interface TestNats {
  url: string;
  port: number;
  /** Ends it as a crash does. What it acknowledged stays on its disk. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder. */
  start(): Promise<void>;
}

/** Starts a NATS server with JetStream, and further arguments. It is killed at the latest when this process ends. */
export async function startNats(more: readonly string[] = []): Promise<TestNats> {
  const folder = mkdtempSync(join(tmpdir(), "tripgrid-nats-"));
  const port = await freePort();
  let child: ChildProcess;
  const nats: TestNats = {
    url: `nats://127.0.0.1:${port}`,
    port,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
    start: async () => {
      child = start("nats-server", ["-js", "-sd", folder, "-a", "127.0.0.1", "-p", String(port), ...more]);
      let said = "";
      child.stderr?.on("data", (data) => {
        said = `${said}${data}`.slice(-2000);
      });
      while (!(await accepts(port))) {
        if (child.exitCode !== null) throw new Error(`nats-server does not start: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
  await nats.start();
  return nats;
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("data", () => socket.destroy());
  });

export interface TestKafka {
  url: string;
  /** `host:port` of its brokers. */
  brokers: string[];
  /** Does what a line says, as `mock-kafka.c` lists them. Rejects if that fails. */
  say(line: string): Promise<void>;
  stop(): void;
}

/** Starts brokers that speak Kafka's protocol and keep everything in memory. They end with this process at the latest. */
export async function startKafka(brokers = 1): Promise<TestKafka> {
  const program = join(mkdtempSync(join(tmpdir(), "tripgrid-kafka-")), "mock-kafka");
  execFileSync("cc", ["-O1", join(import.meta.dirname, "mock-kafka.c"), "-lrdkafka", "-o", program]);
  const child = start(program, [String(brokers)]);
  child.stderr?.resume();
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const read = async () => String((await lines.next()).value);
  const ready = (await read()).replace(/^ready /, "").split(",");
  // One answer a line, in order.
  let last: Promise<void> = Promise.resolve();
  return {
    url: `kafka://${ready.join(",")}`,
    brokers: ready,
    say: (line) => {
      last = last.then(async () => {
        child.stdin?.write(`${line}\n`);
        const answer = await read();
        if (answer !== "ok") throw new Error(`mock-kafka: ${line}: ${answer}`);
      });
      return last;
    },
    stop: () => {
      child.stdin?.end();
    },
  };
}
