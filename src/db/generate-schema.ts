import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startEmbedded } from "./embedded.ts";
import { prepareDatabase } from "./prepare.ts";

/**
 * Writes `schema.ts`, the tables as Kysely sees them, from a database that the migrations have just made. With `--check`
 * it only compares, and exits with 1 if the file is not what it would write.
 */
const target = join(import.meta.dirname, "schema.ts");
const check = process.argv.includes("--check");
const folder = mkdtempSync(join(tmpdir(), "tripgrid-schema-"));
const engine = await startEmbedded(folder, undefined, (error) => {
  throw error;
});
const written = check ? join(folder, "schema.ts") : target;
try {
  await prepareDatabase(engine, "UTC");
  const bin = join(createRequire(import.meta.url).resolve("kysely-codegen/package.json"), "../dist/cli/bin.js");
  const url = `postgres://postgres@/postgres?host=${encodeURIComponent(engine.socketFolder)}`;
  await promisify(execFile)(process.execPath, [
    bin,
    "--dialect",
    "postgres",
    "--url",
    url,
    "--include-pattern",
    "tripgrid.*",
    "--default-schema",
    "tripgrid",
    "--date-parser",
    "string",
    "--numeric-parser",
    "number",
    "--type-mapping",
    JSON.stringify({ timestamp: "string", timestamptz: "string" }),
    "--out-file",
    written,
  ]);
} finally {
  await engine.stop();
}
const same = !check || readFileSync(written, "utf8") === readFileSync(target, "utf8");
rmSync(folder, { recursive: true });
if (!same) {
  process.stderr.write("src/db/schema.ts is not what the migrations make: run npm run generate\n");
  process.exit(1);
}
