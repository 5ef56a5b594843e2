// Tests that start the service as a process start the bundle.
import "./build.mjs";
import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import type { Engine } from "./src/database/engine.ts";
import { findEngines, isFull, type Server } from "./test/harness/engines.ts";
import { missingPrograms } from "./test/harness/find-programs.ts";

/** Tests that need a database say in their names where they run: on every engine, on servers, or on one engine. */
const SUFFIXES = ["engine", "server", "embedded", "timescaledb"];

/** Limits that only a hanging test reaches, since a slow machine must not fail a test. The default of a poll is one second. */
const PATIENCE = { poll: { timeout: 120_000 } };

/** A worker keeps the modules that it has loaded: of the time of a file, up to a half was spent on loading them. */
const SHARED_WORKERS = { isolate: false };

/** The rooms that store trips, and that answer how many a week there are. */
const MAIN_ROOMS = ["ingest", "weekly-averages"];

const EVERYWHERE = {
  setupFiles: ["test/harness/setup.ts"],
  expect: PATIENCE,
  // Four files at a time on two cores, of whatever project: much of a file's time is waiting. With three, the run took 579 s
  // and left a fifth of the two cores idle. A file of the embedded engine takes about 1.5 GB.
  maxWorkers: Math.max(2, Math.min(4, Math.floor(totalmem() / 3e9))),
};

const projects: TestProjectInlineConfiguration[] = [
  {
    test: {
      name: "unit",
      include: ["test/**/*.test.ts"],
      exclude: SUFFIXES.map((suffix) => `test/**/*.${suffix}.test.ts`),
      ...EVERYWHERE,
      ...SHARED_WORKERS,
      // Nothing here takes 5 s, the default, but on a busy machine some took a minute.
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  },
];
const engines = findEngines(process.env);
const hasServer = engines.some((found) => !("missing" in found) && found.engine !== "embedded");
for (const found of engines) {
  if ("missing" in found) process.stdout.write(`${found.engine}: skipped, ${found.missing}\n`);
  else projects.push(engineProject(found.engine, found.server));
}
for (const { program, reason } of missingPrograms(process.env)) {
  process.stdout.write(`${program}: its tests are skipped, ${reason}\n`);
}
if (!isFull(process.env)) {
  process.stdout.write("attacks, and tests that take long: skipped, they are part of npm run test:full\n");
  if (hasServer) {
    process.stdout.write(
      "embedded: the main suites of the main rooms; npm run test:full runs all that a server runs\n",
    );
  }
}

/** The suites that hold on every engine, run on one. */
function engineProject(engine: Engine, server: Server): TestProjectInlineConfiguration {
  const suffixes = engine === "embedded" ? ["engine", "embedded"] : ["engine", "server", engine];
  const isBesideServer = engine === "embedded" && hasServer && !isFull(process.env);
  return {
    test: {
      name: engine,
      include: isBesideServer ? mainSuites() : suffixes.map((suffix) => `test/**/*.${suffix}.test.ts`),
      exclude: isFull(process.env) ? [] : ["test/attacks/**"],
      ...EVERYWHERE,
      // An embedded engine's memory is given back only when its process ends.
      ...(engine === "embedded" ? {} : SHARED_WORKERS),
      provide: { engine, server },
      globalSetup: ["test/harness/global-setup.ts"],
      // Only what hangs takes so long: a start of the embedded engine takes 2 s, and took two minutes on a machine that was busy.
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  };
}

/**
 * What the embedded engine is tried with beside a server in the usual run: its own suites, the schema and the calls of the
 * database, the start and the death of the service, and of the main rooms the suite of the room's name. The SQL is the same on stock
 * PostgreSQL, and the embedded engine takes three times as long for it.
 */
function mainSuites(): string[] {
  return [
    "test/**/*.embedded.test.ts",
    "test/database/{schema,cursor,after-an-error}.engine.test.ts",
    "test/service/{smoke,kill}.engine.test.ts",
    ...MAIN_ROOMS.map(suiteOf),
  ];
}

/** The suite of a room. @throws Error if there is none: a mistyped name would leave a room out without a word */
function suiteOf(room: string): string {
  const path = `test/${room}/${room}.engine.test.ts`;
  if (!existsSync(join(import.meta.dirname, path)))
    throw new Error(`${path} does not exist, which vitest.config.ts names`);
  return path;
}

// A worker that ends late on a busy machine is no failure.
export default defineConfig({ test: { projects, teardownTimeout: 120_000 } });
