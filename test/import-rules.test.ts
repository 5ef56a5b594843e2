import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import rules from "../.dependency-cruiser.mjs";
import { drawnGraph, roomGraph } from "../docs/room-graph.mjs";

const PROJECT = resolve(import.meta.dirname, "..");
const ROOMS: string[] = rules.forbidden
  .map(({ name }: { name: string }) => /^(.+)-imports-downwards$/.exec(name)?.[1])
  .filter((room: string | undefined) => room !== undefined);

/** What is refused: by which rule, in which file, and what it imports. */
const REFUSED: [rule: string, file: string, imported: string][] = [
  ...ROOMS.slice(1).map((room, i): [string, string, string] => {
    const lower = ROOMS[i] ?? "";
    return [`${lower}-imports-downwards`, `src/${lower}/climbs.ts`, `src/${room}/stays.ts`];
  }),
  ["rooms-know-nothing-above", "src/clusters/knows-the-settings.ts", "src/config.ts"],
  ["rooms-know-nothing-above", "src/clusters/knows-the-app.http.ts", "src/app.ts"],
  ["http-knows-no-database", "src/trips/reads.http.ts", "src/trips/stays.db.ts"],
  ["http-knows-no-database", "src/trips/connects.http.ts", "src/database/stays.ts"],
  ["http-knows-no-database", "src/trips/drives.http.ts", "postgres"],
  ["http-knows-no-database", "src/trips/builds.http.ts", "kysely"],
  ["database-knows-no-http", "src/trips/replies.db.ts", "src/trips/stays.http.ts"],
  ["database-knows-no-http", "src/database/serves.ts", "hono"],
  ["words-know-neither", "src/trips/asks.ts", "src/trips/stays.db.ts"],
  ["words-know-neither", "src/trips/answers.ts", "src/trips/stays.http.ts"],
  ["words-do-no-io", "src/geo/opens-files.ts", "node:fs"],
  ["words-do-no-io", "src/parsing/opens-files.ts", "node:fs/promises"],
  ["only-wiring-is-wired", "src/trips/wires-itself.http.ts", "src/trips/stays.wiring.ts"],
  ["nothing-unresolved", "src/trips/guesses.ts", "src/trips/is-not-there.ts"],
];

const ALLOWED: [file: string, imported: string][] = [
  ["src/trips/knows-errors.ts", "src/errors.ts"],
  ["src/trips/knows-places.ts", "src/geo/stays.ts"],
  ["src/trips/queries.db.ts", "src/database/stays.ts"],
  ["src/trips/queries-itself.db.ts", "kysely"],
  ["src/trips/serves.http.ts", "hono"],
  ["src/trips/wires.wiring.ts", "src/wiring.ts"],
  ["src/service.ts", "src/trips/wires.wiring.ts"],
  ["src/imports/opens-files.ts", "node:fs"],
];

/** A project of its own with the same rules, so that no file of ours has to break them. */
let folder: string;
let broken: Map<string, string[]>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tg-rules-"));
  copyFileSync(join(PROJECT, ".dependency-cruiser.mjs"), join(folder, ".dependency-cruiser.mjs"));
  writeFileSync(join(folder, "package.json"), readFileSync(join(PROJECT, "package.json")));
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  const stay = [...ROOMS.map((room) => `src/${room}/stays.ts`), "src/app.ts", "src/config.ts", "src/errors.ts"];
  for (const suffix of ["db", "http", "wiring"]) stay.push(`src/trips/stays.${suffix}.ts`);
  for (const file of [...stay, "src/wiring.ts"]) write(file, "export const used = 1;\n");
  for (const [, file, imported] of REFUSED) write(file, uses(file, imported));
  for (const [file, imported] of ALLOWED) write(file, uses(file, imported));
  write("src/time/one.ts", uses("src/time/one.ts", "src/time/two.ts"));
  write("src/time/two.ts", uses("src/time/two.ts", "src/time/one.ts"));
  broken = check();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function uses(file: string, imported: string): string {
  const path = relative(dirname(file), imported);
  const module = imported.startsWith("src/") ? (path.startsWith(".") ? path : `./${path}`) : imported;
  // Types count too: what a file is told of another ties it to it.
  return `import type * as all from "${module}";\n\nexport type Used = typeof all;\nexport const used = 1;\n`;
}

/** The rules that each file breaks. */
function check(): Map<string, string[]> {
  const depcruise = join(PROJECT, "node_modules/.bin/depcruise");
  const options = ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "src"];
  const { stdout } = spawnSync(depcruise, options, { cwd: folder, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  const found = new Map<string, string[]>();
  for (const { from, rule } of summary.violations) found.set(from, [...(found.get(from) ?? []), rule.name]);
  return found;
}

describe("the import rules", () => {
  it.each(REFUSED)("%s refuses that %s imports %s", (rule, file) => {
    expect(broken.get(file)).toContain(rule);
  });

  it.each(ALLOWED)("%s may import %s", (file) => {
    expect(broken.get(file)).toBeUndefined();
  });

  it("refuse a circle", () => {
    expect(broken.get("src/time/one.ts")).toEqual(["no-circles"]);
  });
});

describe("the rooms", () => {
  const folders = (path: string) =>
    readdirSync(join(PROJECT, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);

  it("of src are those of the import rules, and the command line", () => {
    expect(folders("src").sort()).toEqual([...ROOMS, "cli"].sort());
  });

  it("stand in docs/architecture.md in their order", () => {
    const text = readFileSync(join(PROJECT, "docs/architecture.md"), "utf8");
    expect([...text.matchAll(/^\| `([a-z-]+)\/` \|/gm)].map(([, room]) => room)).toEqual([...ROOMS, "cli"]);
  });

  it("have their picture in docs/architecture.md, as npm run generate draws it", () => {
    const graph = roomGraph();
    expect(graph).toContain("ingest --> storage");
    expect(drawnGraph()).toBe(graph);
  });

  /** The lines of each file, but for what is generated. */
  const sizes = readdirSync(join(PROJECT, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|js)$/.test(file) && file !== "database/schema.ts")
    .map((file) => [file, readFileSync(join(PROJECT, "src", file), "utf8").split("\n").length - 1] as const);

  it("have files of at most 250 lines", () => {
    expect(sizes.filter(([, lines]) => lines > 250)).toEqual([]);
  });

  it("have at most 2,500 lines each", () => {
    const rooms = new Map<string, number>();
    for (const [file, lines] of sizes) {
      const [room = ""] = file.includes("/") ? file.split("/") : [];
      rooms.set(room, (rooms.get(room) ?? 0) + lines);
    }
    expect(rooms.size).toBeGreaterThan(ROOMS.length);
    expect([...rooms].filter(([, lines]) => lines > 2500)).toEqual([]);
  });

  it("have files of less than 80 lines in the median", () => {
    const lines = sizes.map(([, lines]) => lines).sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(80);
  });
});

it("only config.ts reads the environment", () => {
  const lint = mkdtempSync(join(tmpdir(), "tg-lint-"));
  try {
    copyFileSync(join(PROJECT, "biome.json"), join(lint, "biome.json"));
    writeFileSync(join(lint, ".gitignore"), "node_modules\n");
    mkdirSync(join(lint, "src"));
    for (const name of ["config.ts", "reads.ts"]) {
      writeFileSync(join(lint, "src", name), "export const x = process.env.PORT;\n");
    }
    const options = ["lint", "--reporter=json", "--max-diagnostics=none"];
    const { stdout } = spawnSync(join(PROJECT, "node_modules/.bin/biome"), options, { cwd: lint, encoding: "utf8" });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
    expect(diagnostics.map(({ category, location }) => [category, location.path])).toEqual([
      ["lint/style/noProcessEnv", "src/reads.ts"],
    ]);
  } finally {
    rmSync(lint, { recursive: true, force: true });
  }
});
