import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_DIR } from "../kit/project.ts";

/** How the names of prepared databases begin. They are in the folder of the bundle. */
const PREFIX = "pgdata-";
const DIST = join(PROJECT_DIR, "dist");
/** Folders that determine the content of a prepared database, beside the versions of the engine's packages. */
const SOURCES = ["db/migrations/common", "db/migrations/postgres", "db/functions"];

/**
 * The path of the prepared database of these migrations, these functions and this engine. It is an embedded database
 * with everything set up but its time zone. The build makes it, and the first start on an empty data folder copies it:
 * to set a new one up takes about ten times as long.
 */
export function preparedFolder(): string {
  const hash = createHash("sha256");
  const { dependencies } = JSON.parse(readFileSync(join(PROJECT_DIR, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    if (name.startsWith("@electric-sql/")) hash.update(JSON.stringify([name, dependencies[name]]));
  }
  for (const source of SOURCES) {
    const files = readdirSync(join(PROJECT_DIR, source), { recursive: true, encoding: "utf8" });
    for (const file of files.filter((each) => each.endsWith(".sql")).sort()) {
      hash.update(JSON.stringify([source, file, readFileSync(join(PROJECT_DIR, source, file), "utf8")]));
    }
  }
  return join(DIST, `${PREFIX}${hash.digest("hex").slice(0, 16)}`);
}

/**
 * Copies the prepared database, if there is one, to a path where nothing is. A copy that is interrupted leaves nothing
 * at that path.
 */
export async function copyPrepared(to: string): Promise<void> {
  const from = preparedFolder();
  if (!existsSync(from)) return;
  const part = `${to}.part`;
  await rm(part, { recursive: true, force: true });
  await cp(from, part, { recursive: true });
  await rename(part, to);
}

/** Puts a database that was just prepared in its place, and removes those of other versions. */
export async function keepPrepared(made: string): Promise<void> {
  const folder = preparedFolder();
  // Another build may have been faster. Both have made the same.
  await rename(made, folder).catch((error) => {
    if (!existsSync(folder)) throw error;
  });
  for (const name of readdirSync(DIST)) {
    const other = join(DIST, name);
    if (name.startsWith(PREFIX) && other !== folder) await rm(other, { recursive: true, force: true });
  }
}
