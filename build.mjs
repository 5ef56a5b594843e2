import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildExplorer } from "./web/build.mjs";

/**
 * Bundles the service and its commands into `dist/`, as JavaScript that Node runs as it is: a start from the sources would
 * transpile some 240 files first. A file is written only if it differs, so that a process that is starting meanwhile reads
 * whole files.
 */
const PROJECT = dirname(fileURLToPath(import.meta.url));
const DIST = join(PROJECT, "dist");
const ENTRIES = [
  "main.ts",
  "cli.ts",
  "cli/copy.ts",
  "demo/write-csv.ts",
  "database/embedded-worker.js",
  "database/prepare-folder.ts",
];

/**
 * Packages that are bundled too. They are plain JavaScript in many files: a command loaded 747 files, 262 of them of kysely
 * alone. What loads files of its own stays outside, and so does what few commands need. The driver `postgres` does too:
 * main.ts knows its faults by the path in their stack. `node-cron` would load a file for a task that is given by its path.
 */
const BUNDLED = new Set(
  [
    "@googlemaps/polyline-codec @hono/node-server @hono/zod-openapi @opentelemetry/api @streamparser/json",
    "@turf/bbox-clip @turf/circle @turf/distance @turf/flip betterknown csv-parse csv-stringify fzstd hono hyparquet",
    "hyparquet-compressors ipaddr.js jose kysely node-cron open-location-code p-limit pbf prom-client saxes",
    "standardwebhooks yauzl zod",
  ].flatMap((names) => names.split(" ")),
);
/** For the bundled packages that are not ES modules. */
const REQUIRE = 'const require = process.getBuiltinModule("module").createRequire(import.meta.url);';
const { dependencies } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8"));

const { outputFiles } = await build({
  absWorkingDir: PROJECT,
  entryPoints: ENTRIES.map((entry) => ({ in: join("src", entry), out: basename(entry).replace(/\.[jt]s$/, "") })),
  outdir: DIST,
  write: false,
  bundle: true,
  splitting: true,
  chunkNames: "chunk-[hash]",
  format: "esm",
  platform: "node",
  target: "node20.19",
  external: Object.keys(dependencies).filter((name) => !BUNDLED.has(name)),
  banner: { js: REQUIRE },
  sourcemap: "linked",
});
mkdirSync(DIST, { recursive: true });
// Chunks first: an entry names those that it needs.
const sorted = outputFiles.sort((a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)));
for (const { path, contents } of sorted) if (!holds(path, contents)) writeFileSync(path, contents);
// A changed comment changes no bundle, which is newer than the sources all the same: see src/tripgrid.js.
const now = new Date();
utimesSync(join(DIST, "cli.js"), now, now);
const made = new Set(outputFiles.map(({ path }) => basename(path)));
for (const name of readdirSync(DIST)) if (name.includes(".") && !made.has(name)) rmSync(join(DIST, name));
await buildExplorer(join(PROJECT, "web"), join(DIST, "web"));
// The database that a first start of the embedded engine copies.
execFileSync(process.execPath, [join(DIST, "prepare-folder.js")], { stdio: "inherit" });

/** @param {string} path */
function isEntry(path) {
  return !basename(path).startsWith("chunk-");
}

/**
 * @param {string} path
 * @param {Uint8Array} contents
 */
function holds(path, contents) {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}
