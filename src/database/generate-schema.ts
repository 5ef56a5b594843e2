import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "./client.ts";
import { startEmbedded } from "./embedded.ts";
import { prepareDatabase } from "./prepare.ts";
import { dumpSchema } from "./schema-dump.ts";

/**
 * Writes the schema of a database that the migrations have just made: `schema.ts`, the tables as Kysely sees them, and
 * `db/schema/postgres.txt`, everything about them. With `--check` it only compares, and exits with 1 if a file differs.
 * A test makes the same comparison on servers, also for `db/schema/timescaledb.txt`.
 */
const TYPES = join(import.meta.dirname, "schema.ts");
const DUMP = join(import.meta.dirname, "../../db/schema/postgres.txt");
const check = process.argv.includes("--check");
const folder = mkdtempSync(join(tmpdir(), "tripgrid-schema-"));
const engine = await startEmbedded(folder, undefined, (error) => {
  throw error;
});
const types = check ? join(folder, "schema.ts") : TYPES;
let dump: string;
try {
  await prepareDatabase(engine, "UTC");
  const sql = createClient(engine, { max: 1 });
  dump = await dumpSchema(sql, "embedded");
  await sql.end();
  const bin = join(createRequire(import.meta.url).resolve("kysely-codegen/package.json"), "../dist/cli/bin.js");
  const url = `postgres://postgres@/postgres?host=${encodeURIComponent(engine.socketFolder)}`;
  await promisify(execFile)(process.execPath, [
    bin,
    "--dialect",
    "postgres",
    "--url",
    url,
    "--include-pattern",
    "tripgrid{,_internal}.*",
    "--default-schema",
    "tripgrid",
    "--date-parser",
    "string",
    "--numeric-parser",
    "number",
    "--type-mapping",
    JSON.stringify({ timestamp: "string", timestamptz: "string" }),
    "--out-file",
    types,
  ]);
} finally {
  await engine.stop();
}
const stale = [];
if (check) {
  if (readFileSync(types, "utf8") !== readFileSync(TYPES, "utf8")) stale.push("src/database/schema.ts");
  if (dump !== readFileSync(DUMP, "utf8")) stale.push("db/schema/postgres.txt");
} else {
  writeFileSync(DUMP, dump);
}
rmSync(folder, { recursive: true });
if (stale.length > 0) {
  process.stderr.write(`Not what the migrations make: ${stale.join(" and ")}. Run npm run generate.\n`);
  process.exit(1);
}
