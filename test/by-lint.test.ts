import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const PROJECT = resolve(import.meta.dirname, "..");

/** What lint refuses: a reason, a file of which folder, what it imports. */
const REFUSED: [reason: string, folder: string, module: string][] = [
  ["http knows no database", "src/http", "../db/client.ts"],
  ["http knows no database", "src/http", "kysely"],
  ["http knows no database", "src/http", "postgres"],
  ["http knows no way in", "src/http", "../ingest/ingest.ts"],
  ["http knows no settings", "src/http", "../config.ts"],
  ["db knows no http", "src/db", "../http/app.ts"],
  ["db knows no http", "src/db", "hono"],
  ["db knows no http", "src/db", "@hono/zod-openapi"],
  ["db knows no settings", "src/db", "../config.ts"],
  ["ingest knows no database", "src/ingest", "../db/client.ts"],
  ["ingest knows no database", "src/ingest/mappings", "../../db/client.ts"],
  ["ingest knows no http", "src/ingest", "../http/problem.ts"],
  ["the words do no I/O", "src", "node:fs"],
  ["the words do no I/O", "src", "node:fs/promises"],
  ["the words do no I/O", "src", "postgres"],
  ["the words know nothing of what surrounds them", "src", "./db/client.ts"],
  ["the words know nothing of what surrounds them", "src", "./http/app.ts"],
  ["the words know nothing of what surrounds them", "src", "./ingest/ingest.ts"],
  ["the words know nothing of what surrounds them", "src", "./main.ts"],
];

const ALLOWED: [folder: string, module: string][] = [
  ["src/http", "../area.ts"],
  ["src/db", "../errors.ts"],
  ["src/db", "postgres"],
  ["src/ingest", "../trip.ts"],
  ["src", "./errors.ts"],
  ["src", "node:crypto"],
];

/** A project of its own with the same rules, so that no file of ours has to break them. */
let folder: string;
let refusals: Map<string, string[]>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tg-lint-"));
  copyFileSync(join(PROJECT, "biome.json"), join(folder, "biome.json"));
  write(".gitignore", "node_modules\n");
  for (const [, where, module] of REFUSED) write(fileThatUses(where, module), uses(module));
  for (const [where, module] of ALLOWED) write(fileThatUses(where, module), uses(module));
  for (const name of ["main.ts", "service.ts"]) write(`src/${name}`, uses("./db/client.ts"));
  for (const name of ["config.ts", "reads-environment.ts"])
    write(`src/${name}`, "export const x = process.env.PORT;\n");
  refusals = lint();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const uses = (module: string) => `import * as used from "${module}";\n\nexport const x = used;\n`;
const fileThatUses = (where: string, module: string) => `${where}/uses-${module.replaceAll(/[^a-z]+/g, "-")}.ts`;

/** The rules that each file breaks. */
function lint(): Map<string, string[]> {
  const biome = resolve(PROJECT, "node_modules/.bin/biome");
  const options = ["lint", "--reporter=json", "--max-diagnostics=none"];
  const { stdout } = spawnSync(biome, options, { cwd: folder, encoding: "utf8" });
  const found = new Map<string, string[]>();
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  for (const { category, location } of diagnostics) {
    found.set(location.path, [...(found.get(location.path) ?? []), category]);
  }
  return found;
}

describe("lint", () => {
  it.each(REFUSED)("says that %s: no %s with %s", (_, where, module) => {
    expect(refusals.get(fileThatUses(where, module))).toEqual(["lint/style/noRestrictedImports"]);
  });

  it.each(ALLOWED)("lets %s use %s", (where, module) => {
    expect(refusals.get(fileThatUses(where, module))).toBeUndefined();
  });

  it("lets only the wiring know everything", () => {
    expect(refusals.get("src/main.ts")).toBeUndefined();
    expect(refusals.get("src/service.ts")).toBeUndefined();
  });

  it("says that only config.ts reads the environment", () => {
    expect(refusals.get("src/reads-environment.ts")).toEqual(["lint/style/noProcessEnv"]);
    expect(refusals.get("src/config.ts")).toBeUndefined();
  });
});
