import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import type { Engine } from "./src/db/engine.ts";
import { findEngines, type Server } from "./test/harness/engines.ts";

const OWN_FOLDERS = ["embedded", "server", "timescaledb"];

const projects: TestProjectInlineConfiguration[] = [
  { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/conformance/**", "test/start/**"] } },
];
for (const found of findEngines(process.env)) {
  if ("missing" in found) process.stdout.write(`${found.engine}: skipped, ${found.missing}\n`);
  else projects.push(engineProject(found.engine, found.server));
}

/** The suites that hold on every engine, run on one. */
function engineProject(engine: Engine, server: Server): TestProjectInlineConfiguration {
  const own = engine === "embedded" ? ["embedded"] : ["server", engine];
  return {
    test: {
      name: engine,
      include: ["test/{conformance,start}/**/*.test.ts"],
      // A folder with an engine's name, or `server` for those that are not embedded, is for that engine only.
      exclude: OWN_FOLDERS.filter((name) => !own.includes(name)).map((name) => `test/{conformance,start}/${name}/**`),
      provide: { engine, server },
      globalSetup: ["test/harness/global-setup.ts"],
      // Three files at a time, of whatever engine: an embedded engine takes about 1 GB of memory, and of the time that a file
      // takes it waits for a good part. With two, a fourth of two cores was idle.
      maxWorkers: 3,
      sequence: { groupOrder: 1 },
      // A start of the embedded engine takes 2 s, or 20 s on a machine that is busy; a test may need several.
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  };
}

export default defineConfig({ test: { projects } });
