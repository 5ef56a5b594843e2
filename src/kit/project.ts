import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of the project. The sources lie deeper in it than the bundle, which holds this file too. */
export const PROJECT_DIR: string = upTo(import.meta.dirname, "package.json");

/** The version of the service. */
export const VERSION: string = JSON.parse(readFileSync(join(PROJECT_DIR, "package.json"), "utf8")).version;

function upTo(folder: string, file: string): string {
  if (existsSync(join(folder, file))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error(`There is no ${file} above ${import.meta.dirname}.`);
  return upTo(above, file);
}
