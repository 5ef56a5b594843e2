#!/usr/bin/env node
// The command `tripgrid`: plain JavaScript, since it decides what runs the rest.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const SOURCES = import.meta.dirname;
const BUNDLE = join(SOURCES, "../dist/cli.js");

/** Whether the bundle is newer than every source file. Only a developer's may be older. */
function isFresh() {
  if (!existsSync(BUNDLE)) return false;
  const built = statSync(BUNDLE).mtimeMs;
  return [SOURCES, join(SOURCES, "../client")].every((folder) => {
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
    return files.every((file) => statSync(join(folder, file)).mtimeMs <= built);
  });
}

try {
  if (isFresh()) await import(pathToFileURL(BUNDLE).href);
  else {
    const { register } = await import("tsx/esm/api");
    register();
    await import("./cli.ts");
  }
} catch (error) {
  // A package, and not a file of ours.
  const { code, message } = /** @type {{ code?: string; message: string }} */ (error);
  if (code !== "ERR_MODULE_NOT_FOUND" || !message.startsWith("Cannot find package")) throw error;
  process.stderr.write("tripgrid: its packages are not installed yet; run npm ci in its folder first.\n");
  process.exit(1);
}
