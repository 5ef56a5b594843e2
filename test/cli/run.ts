import { spawn } from "node:child_process";
import { resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "../..");

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program of the project in its folder and waits for its end. None of the machine's settings get through. */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  // What is JavaScript loads by itself what runs TypeScript.
  const loader = program.endsWith(".ts") ? ["--import", "tsx"] : [];
  const child = spawn(process.execPath, [...loader, resolve(PROJECT, program), ...args], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, PORT: "0", ...env },
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
