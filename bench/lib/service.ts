import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { startArguments } from "../../test/harness/start-arguments.ts";

/** The service as a process of its own, as `npm start` runs it. */
export interface BenchService {
  url: string;
  pid: number;
  /** The most memory it had since it started, in MB. */
  peakMb(): number;
  /** Processor time that it took so far, in seconds. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

const PROJECT = resolve(import.meta.dirname, "../..");
/** All clients of a bench are one address. */
const UNLIMITED = { TRIPGRID_MAX_REQUESTS_PER_S: "0", TRIPGRID_MAX_ROWS_PER_S: "0", TRIPGRID_MAX_MB_PER_S: "0" };
const running = new Set<() => void>();
process.on("exit", () => {
  for (const kill of running) kill();
});

/**
 * Starts the service and waits until it listens. It is killed at the latest when this process ends.
 *
 * @param flags what stands behind `npm start --`
 * @param profileFolder where it leaves a profile of its processor time when it stops. Undefined: it takes none
 */
export async function startBenchService(
  env: Record<string, string>,
  profileFolder: string | undefined,
  flags: readonly string[] = [],
): Promise<BenchService> {
  // As npm start does before.
  execFileSync(process.execPath, ["build.mjs"], { cwd: PROJECT });
  const profile = profileFolder ? ["--cpu-prof", `--cpu-prof-dir=${resolve(profileFolder)}`] : [];
  const child = spawn(process.execPath, [...profile, ...startArguments(), ...flags], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, PORT: "0", ...UNLIMITED, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = () => child.kill("SIGKILL");
  running.add(kill);
  const ended = new Promise<void>((end) =>
    child.once("close", () => {
      running.delete(kill);
      end();
    }),
  );
  let output = "";
  const url = await new Promise<string>((found, failed) => {
    let isListening = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      // The log has a line for each request: kept and searched, it would slow the clients of this process down.
      if (!isListening) {
        output += text;
        const listening = /listens on (http:\/\/[^\s"]+)/.exec(output)?.[1];
        isListening = listening !== undefined;
        if (listening) found(listening);
      }
      // What it has to say later is a fault.
      if (/"level":(50|60)/.test(text)) process.stderr.write(text);
    });
    child.once("close", () => failed(new Error(`The service does not start: ${output}`)));
  });
  const pid = child.pid ?? Number.NaN;
  return {
    url,
    pid,
    peakMb: () => Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024),
    cpuSeconds: () => cpuSeconds(pid),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** User and system time of a process; both count hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
