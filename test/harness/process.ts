import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { inject } from "vitest";
import { lookForSecrets } from "./leaks.ts";
import { startArguments } from "./start-arguments.ts";

export interface SpawnedService {
  pid: number;
  /** Resolves to its URL, without a slash at the end, once it listens; rejects if it ends before. */
  listening(): Promise<string>;
  exited: Promise<{ status: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  stderr(): string;
  /** What it logged so far. */
  log(): Record<string, unknown>[];
  /** Resolves to the first line of the log that says this. */
  logged(text: string): Promise<Record<string, unknown>>;
}

const PROJECT = resolve(import.meta.dirname, "../..");

const running = new Set<SpawnedService>();
/** Those that the test under way has started. */
let ofTest: SpawnedService[] = [];

/** The errors that the processes of a test logged, to be shown if it fails. Forgets these processes. */
export function takeLoggedErrors(): string[] {
  const lines = ofTest.flatMap((service) => service.log().filter(({ level }) => Number(level) >= 50));
  ofTest = [];
  return lines.map((line) => JSON.stringify(line));
}

/** Kills what a file has left running. `setup.ts` calls it at the end of each. */
export async function killLeftServices(): Promise<void> {
  for (const service of running) service.kill("SIGKILL");
  await Promise.all([...running].map((service) => service.exited));
}

/**
 * Starts the service as a process, as an operator does: from the bundle, which the run made. What is still running when the file ends is killed.
 *
 * @param env all its settings: nothing of the machine's own gets through, and any free port is the default
 */
export function spawnService(env: Record<string, string>): SpawnedService {
  const child = spawn(process.execPath, startArguments(), {
    cwd: PROJECT,
    // A process that is killed leaves its socket behind: in our folder it goes with the rest.
    env: { PATH: process.env.PATH, TMPDIR: inject("store").folder, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });

  const log = () =>
    output.stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const logged = (text: string) =>
    new Promise<Record<string, unknown>>((found, failed) => {
      const look = () => {
        const line = log().find(({ msg }) => String(msg).includes(text));
        if (!line) return;
        // What comes later is not read again and again.
        child.stdout.off("data", look);
        found(line);
      };
      child.stdout.on("data", look);
      child.once("close", (status, signal) =>
        failed(new Error(`It ended (${signal ?? status}) before it logged "${text}": ${output.stderr}`)),
      );
      look();
    });

  const service: SpawnedService = {
    pid: child.pid ?? Number.NaN,
    listening: async () => /http:\/\/\S+/.exec(String((await logged(" listens on ")).msg))?.[0] ?? "",
    exited: new Promise((ended) => {
      child.once("close", (status, signal) => {
        running.delete(service);
        lookForSecrets("the log of a process", output.stdout + output.stderr);
        ended({ status, signal });
      });
    }),
    kill: (signal) => child.kill(signal),
    stderr: () => output.stderr,
    log,
    logged,
  };
  running.add(service);
  ofTest.push(service);
  return service;
}
