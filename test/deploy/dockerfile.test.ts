import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const dockerfile = read("Dockerfile");
/** What comes from the project's folder into any stage. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = ""]) => names.split(" "));

describe("Dockerfile", () => {
  test("copies what exists and what .dockerignore lets through, and nothing else passes", () => {
    const ignore = read(".dockerignore").split("\n");
    const passing = ignore.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    expect(ignore).toContain("*");
    expect([...new Set(copied)].sort()).toEqual(passing.sort());
    expect(copied.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  test("runs as node, on the port that it exposes, for every address of the container", () => {
    const [, env = ""] = /^ENV (.+)$/m.exec(dockerfile) ?? [];
    const config = readConfig(Object.fromEntries(env.split(" ").map((pair) => pair.split("="))));
    expect(config).toMatchObject({ port: 8080, host: "0.0.0.0", dataFolder: "/data" });
    expect(dockerfile).toMatch(/^EXPOSE 8080$/m);
    expect(dockerfile).toMatch(/^RUN install .*--owner=node .*\/data$/m);
    expect(dockerfile.lastIndexOf("\nUSER node")).toBeGreaterThan(dockerfile.lastIndexOf("\nCOPY"));
  });

  test("starts what npm start starts", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const [, command = "[]"] = /^CMD (.+)$/m.exec(dockerfile) ?? [];
    expect((JSON.parse(command) as string[]).join(" ")).toBe(scripts.start);
  });

  test("holds every package that the service imports: none is only a devDependency", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const imported = packagesOf("src/main.ts").add("esbuild");
    // One at the end of a chain of imports and of a worker, so that the search is known to have gone there.
    expect(imported).toContain("@electric-sql/pglite");
    expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
  });
});

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`, and `new URL("./x", …)`, which starts a worker. */
const IMPORT = /^(?:im|ex)port (?!type )(?:[\w*{][^"=();]* from )?"([^"]+)"|\b(?:import|new URL)\("([^"]+)"/gm;

/** The packages that a file imports, itself or by another file; what is only a type does not count. */
function packagesOf(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const imported = [...read(file).matchAll(IMPORT)]
    .map(([, name, started]) => name ?? started ?? "")
    .filter((name) => !name.startsWith("node:"));
  const packages = imported.flatMap((name) =>
    name.startsWith(".")
      ? [...packagesOf(join(dirname(file), name), seen)]
      : [name.split("/", name.startsWith("@") ? 2 : 1).join("/")],
  );
  return new Set(packages);
}
