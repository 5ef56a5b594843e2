import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

export function childrenOf(pid: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const parent = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

/** A file system of so many megabytes, or nothing where this user may not make one. */
export function mountSmall(folder: string, megabytes: number): { unmount(): void } | undefined {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return { unmount: () => execFileSync("umount", ["-l", folder], { stdio: "ignore" }) };
}

/** Takes what room there is, while the server takes some, too. */
export function fillDisk(folder: string): { empty(): void } {
  const ballast = join(folder, "ballast");
  const file = openSync(ballast, "w");
  try {
    for (const piece of [1024 * 1024, 4096]) {
      const zeros = Buffer.alloc(piece);
      try {
        for (;;) writeSync(file, zeros);
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(file);
  }
  return { empty: () => rmSync(ballast, { force: true }) };
}
