import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "../..");

export interface Run {
  /** Null if it had to be stopped. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program of the project in its folder and waits for its end, ten minutes at most. None of the machine's settings get through,
 * and what should not start and does all the same keeps away from the project's own data.
 */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const data = join(tmpdir(), `tripgrid-run-${process.pid}`);
  const options = {
    cwd: PROJECT,
    timeout: 600_000,
    env: { PATH: process.env.PATH, PORT: "0", TRIPGRID_DATA_DIR: data, ...env },
  };
  return new Promise((ended) => {
    const child = execFile(process.execPath, [resolve(PROJECT, program), ...args], options, (_, stdout, stderr) =>
      ended({ status: child.exitCode, stdout, stderr }),
    );
  });
}
