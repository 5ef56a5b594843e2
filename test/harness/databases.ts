import { randomBytes } from "node:crypto";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { inject } from "vitest";
import { type Address, createClient, type Sql } from "../../src/database/client.ts";
import { startEmbedded } from "../../src/database/embedded.ts";
import { searchPathOf } from "../../src/database/engine.ts";
import { type Cluster, startCluster } from "./cluster.ts";

/** The engine that this file runs on. */
export const engine = inject("engine");

const store = inject("store");

export interface TestDatabase {
  /** None: the embedded engine. */
  databaseUrl: string | undefined;
  /** Its own on every engine, but only the embedded one keeps the database in it. */
  dataFolder: string;
  /** The settings that lead a service there. */
  env: Record<string, string>;
  drop(): Promise<void>;
}

/** A database with everything set up and nothing stored, as a copy of one that was made once. */
export function freshDatabase(): Promise<TestDatabase> {
  return makeDatabase(true);
}

/** A database that Tripgrid has never seen; its server's extensions can be created in it. */
export function emptyDatabase(): Promise<TestDatabase> {
  return makeDatabase(false);
}

async function makeDatabase(isCopy: boolean): Promise<TestDatabase> {
  const name = `${store.prefix}${randomBytes(4).toString("hex")}`;
  const dataFolder = join(store.folder, name);
  const removeFolder = () => rm(dataFolder, { recursive: true, force: true });
  if (!store.adminUrl) {
    if (isCopy) await cp(join(store.folder, store.template), dataFolder, { recursive: true });
    return { databaseUrl: undefined, dataFolder, env: { TRIPGRID_DATA_DIR: dataFolder }, drop: removeFolder };
  }
  await asAdmin(
    (admin) => admin`create database ${admin(name)} template ${admin(isCopy ? store.template : "template0")}`,
  );
  const url = new URL(store.adminUrl);
  url.pathname = name;
  return {
    databaseUrl: url.href,
    dataFolder,
    env: { TRIPGRID_DATA_DIR: dataFolder, DATABASE_URL: url.href },
    drop: async () => {
      await asAdmin((admin) => admin`drop database if exists ${admin(name)} with (force)`);
      await removeFolder();
    },
  };
}

/** Runs statements as a superuser of the server, outside the database under test. Not for the embedded engine. */
export async function asAdmin<T>(call: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(store.adminUrl ?? "", { max: 1, onnotice: () => {} });
  try {
    return await call(sql);
  } finally {
    await sql.end();
  }
}

/** Runs statements in a database that no service has open, as its owner. */
export async function inDatabase<T>(database: TestDatabase, call: (sql: Sql) => PromiseLike<T>): Promise<T> {
  if (database.databaseUrl) return withClient({ url: database.databaseUrl }, call);
  const embedded = await startEmbedded(database.dataFolder, undefined, (error) => {
    throw error;
  });
  try {
    return await withClient(embedded, call);
  } finally {
    await embedded.stop();
  }
}

/** Whether `ownServer` can start one: not where the run was given a server's URL, nor for the embedded engine. */
export const canStartServers = inject("server").kind === "programs";

/** A server of the test's own, for settings or faults that the shared one must not have; the test stops it. */
export async function ownServer(settings: Record<string, string>): Promise<Cluster> {
  const server = inject("server");
  if (server.kind !== "programs") throw new Error("This machine's server programs were not found.");
  return startCluster(join(store.folder, randomBytes(4).toString("hex")), server.bin, engine, settings);
}

async function withClient<T>(address: Address, call: (sql: Sql) => PromiseLike<T>): Promise<T> {
  const sql = createClient(address, { max: 1 });
  try {
    // Set by a statement, since the embedded engine ignores start-up settings.
    await sql`select set_config('search_path', ${await searchPathOf(sql)}, false)`;
    return await call(sql);
  } finally {
    await sql.end();
  }
}
