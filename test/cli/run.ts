import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "../..");

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program of the project in its folder and waits for its end, a minute at most. None of the machine's settings get through,
 * and what should not start and does all the same keeps away from the project's own data.
 */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  // What is JavaScript loads by itself what runs TypeScript.
  const loader = program.endsWith(".ts") ? ["--import", "tsx"] : [];
  const child = spawn(process.execPath, [...loader, resolve(PROJECT, program), ...args], {
    cwd: PROJECT,
    timeout: 60_000,
    env: { PATH: process.env.PATH, PORT: "0", TRIPGRID_DATA: join(tmpdir(), `tripgrid-run-${process.pid}`), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  return new Promise((ended, failed) => {
    child.once("error", failed);
    child.once("close", (status) => ended({ status, ...output }));
  });
}
