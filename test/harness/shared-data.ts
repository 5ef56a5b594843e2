import { existsSync } from "node:fs";
import { resolve } from "node:path";

const SHARED = resolve(import.meta.dirname, "../../../shared/data");

/**
 * The absolute path of a data set that lies beside the project and not in it, or nothing where it is missing; a test that
 * needs it says so in its title and skips.
 */
export function sharedData(name: string): string | undefined {
  const path = resolve(SHARED, name);
  return existsSync(path) ? path : undefined;
}
