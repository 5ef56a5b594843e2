import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { startEmbedded } from "../../src/database/embedded.ts";
import type { Engine } from "../../src/database/engine.ts";
import { prepareDatabase } from "../../src/database/prepare.ts";
import { startCluster } from "./cluster.ts";
import { askPgConfig, type Server } from "./engines.ts";

/** What the tests of one engine share: a database set up once, of which each takes a copy. */
export interface Store {
  /** Everything that a run writes is in here. */
  folder: string;
  /** Leads to a database of a superuser who may make others; none: the embedded engine. */
  adminUrl: string | undefined;
  /** How the names of this run's databases begin, so that they can be told from others on the same server. */
  prefix: string;
  /** The one that is copied: a database, or a data folder in `folder`. */
  template: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    engine: Engine;
    server: Server;
    store: Store;
  }
}

/** Sets the engine's template up before the first of its files, and removes everything after the last. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { engine, server } = project.getProvidedContext();
  const folder = mkdtempSync(join(tmpdir(), "tg-test-"));
  // The server may run as another user, who has to reach its own folder in here.
  chmodSync(folder, 0o711);
  let stopCluster = () => {};
  // Also when the run is interrupted, which leaves no time for anything asynchronous.
  const clear = () => {
    process.off("exit", clear);
    stopCluster();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", clear);
  const prefix = `tg_test_${randomBytes(4).toString("hex")}_`;
  const store: Store = { folder, adminUrl: undefined, prefix, template: `${prefix}template` };
  const tearDown = async () => {
    try {
      if (server.kind === "url") await dropDatabases(store);
    } finally {
      clear();
    }
  };
  try {
    if (server.kind === "url") store.adminUrl = server.url;
    if (server.kind === "programs") {
      const cluster = await startCluster(join(folder, "cluster"), server.bin, engine, preloading(server.bin, engine));
      stopCluster = cluster.stop;
      store.adminUrl = cluster.url;
    }
    if (store.adminUrl) await makeServerTemplate(store, store.adminUrl, engine);
    else await makeEmbeddedTemplate(store);
  } catch (error) {
    // What went wrong first says more than what then cannot be undone.
    await tearDown().catch(() => {});
    throw error;
  }
  project.provide("store", store);
  return tearDown;
}

/** A run makes some 2,000 sessions, and each would take 20 ms to load PostGIS: the server loads it once. */
function preloading(bin: string, engine: Engine): Record<string, string> {
  const control = readFileSync(join(askPgConfig(bin, "--sharedir"), "extension/postgis.control"), "utf8");
  const [, library] = /^module_pathname = '\$libdir\/([\w.-]+)'/m.exec(control) ?? [];
  const libraries = [engine === "timescaledb" ? "timescaledb" : undefined, library];
  return { shared_preload_libraries: libraries.filter((name) => name !== undefined).join(",") };
}

async function makeEmbeddedTemplate(store: Store): Promise<void> {
  const embedded = await startEmbedded(join(store.folder, store.template), undefined, (error) => {
    throw error;
  });
  try {
    await prepareDatabase(embedded, "UTC");
  } finally {
    await embedded.stop();
  }
}

async function makeServerTemplate(store: Store, adminUrl: string, engine: Engine): Promise<void> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const name = admin(store.template);
    await admin`create database ${name} template template0`;
    const url = new URL(adminUrl);
    url.pathname = store.template;
    const prepared = await prepareDatabase({ url: url.href }, "UTC");
    if (prepared.engine !== engine) throw new Error(`The server given for ${engine} is ${prepared.engine}.`);
    // A database that is copied must have no connections, and TimescaleDB's own workers connect to every one they may.
    await admin`alter database ${name} allow_connections false`;
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${store.template}`;
  } finally {
    await admin.end();
  }
}

/** Those of a server that goes on running. */
async function dropDatabases(store: Store): Promise<void> {
  const admin = postgres(store.adminUrl ?? "", { max: 1, onnotice: () => {} });
  try {
    const names = await admin<{ datname: string }[]>`
      select datname from pg_database where starts_with(datname, ${store.prefix})`;
    for (const { datname } of names) await admin`drop database ${admin(datname)} with (force)`;
  } finally {
    await admin.end();
  }
}
