import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callJson, corners, polygon, send, sendNew, trip } from "../harness/api.ts";
import {
  asAdmin,
  canStartServers,
  engine,
  freshDatabase,
  isFull,
  ownServer,
  startTestService,
  type TestDatabase,
} from "../harness/index.ts";
import { blocksOf } from "./harness/blocks.ts";

/** A dump needs programs that are as new as the server. */
const canDump = canStartServers && spawnSync("pg_dump", ["--version"]).status === 0;

/** Runs the blocks of a page that are to be run, in their order, in one shell. */
async function runPage(page: string, env: Record<string, string>, wanted = (_: string) => true) {
  const script = blocksOf(page)
    .filter(({ language, note, text: block }) => language === "sh" && note === undefined && wanted(block))
    .map((block) => block.text)
    .join("\n");
  const folder = mkdtempSync(join(tmpdir(), "tg-page-"));
  const npm = `npm() { (cd "${join(import.meta.dirname, "../..")}" && command npm "$@"); }`;
  const child = spawn("bash", ["-euo", "pipefail", "-c", `${npm}\n${script}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await once(child, "exit");
  const [stdout, stderr] = await output;
  rmSync(folder, { recursive: true });
  return { status, stdout, stderr };
}

describe.skipIf(!isFull(process.env) || !canDump)("the commands of docs/ for operators", () => {
  let source: TestDatabase;
  const made: string[] = [];
  const beside = (name: string) => {
    const url = new URL(source.databaseUrl ?? "");
    url.pathname += name;
    made.push(url.pathname.slice(1));
    return url.href;
  };

  beforeAll(async () => {
    source = await freshDatabase();
    const service = await startTestService({}, { ...source, drop: async () => {} });
    await callJson(service, "PUT", "/v1/regions/Turin", { boundary: polygon(corners(7, 45, 8, 46)) });
    const rows = Array.from({ length: 500 }, (_, i) =>
      trip({ trip_id: String(i), region: "Turin", started_at: `2018-0${1 + (i % 9)}-21T08:00:00` }),
    );
    await sendNew(service, rows);
    await send(service, [trip({ origin: null }), trip()]);
    await service.stop();
  });
  afterAll(async () => {
    for (const name of made) await asAdmin((admin) => admin`drop database if exists ${admin(name)} with (force)`);
    await source?.drop();
  });

  /** A service on a copy answers, and takes trips in. */
  async function expectService(url: string): Promise<void> {
    const env = { TRIPGRID_DATA_DIR: source.dataFolder, DATABASE_URL: url };
    const service = await startTestService({}, { ...source, databaseUrl: url, env, drop: async () => {} });
    const count = async () =>
      ((await (await fetch(`${service.url}/v1/weekly-averages?boundary=Turin`)).json()) as { trips: number }).trips;
    expect(await count()).toBe(501);
    await sendNew(service, [trip({ trip_id: "after" })]);
    expect(await count()).toBe(502);
    await service.stop();
  }

  it("back a database up and restore it, with the same figures", async () => {
    const restored = beside("_restored");
    const env = { DATABASE_URL: source.databaseUrl ?? "", RESTORE_URL: restored };
    const { status, stdout, stderr } = await runPage("docs/backup.md", env);
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toMatch(/the same\n$/);
    await expectService(restored);
  });

  it("a restored database belongs to the role of the service, which is no superuser", async () => {
    const admin = new URL(source.databaseUrl ?? "");
    const role = `role_of_${admin.pathname.slice(1)}`;
    const own = new URL(beside("_own"));
    const restored = new URL(beside("_own_restored"));
    const sql = (url: URL, ...commands: string[]) => {
      const { status, stderr } = spawnSync("psql", [url.href, ...commands.flatMap((command) => ["-c", command])]);
      expect([status, stderr.toString()]).toEqual([0, expect.any(String)]);
    };
    sql(
      admin,
      `create role "${role}" login password 'p'`,
      `create database "${own.pathname.slice(1)}" owner "${role}"`,
    );
    sql(own, "create extension postgis");
    const asRole = ({ href }: URL) => {
      const url = new URL(href);
      [url.username, url.password] = [role, "p"];
      return url.href;
    };
    const serve = async (url: string, work: (service: { url: string }) => Promise<unknown>) => {
      const env = { TRIPGRID_DATA_DIR: source.dataFolder, DATABASE_URL: url };
      const service = await startTestService({}, { ...source, databaseUrl: url, env, drop: async () => {} });
      await work(service);
      await service.stop();
    };
    try {
      await serve(asRole(own), (service) => sendNew(service, [trip({ trip_id: "a" })]));
      const { status, stderr } = await runPage("docs/backup.md", {
        DATABASE_URL: own.href,
        RESTORE_URL: restored.href,
      });
      expect([status, stderr]).toEqual([0, expect.any(String)]);
      await serve(asRole(restored), (service) => sendNew(service, [trip({ trip_id: "b" })]));
    } finally {
      for (const { pathname } of [own, restored])
        sql(admin, `drop database if exists "${pathname.slice(1)}" with (force)`);
      sql(admin, `drop role "${role}"`);
    }
  });

  it.skipIf(engine !== "timescaledb")("upgrade TimescaleDB, and move stock PostgreSQL there", async () => {
    // The same server programs without the library of TimescaleDB: stock PostgreSQL.
    const stock = await ownServer({ shared_preload_libraries: "" });
    try {
      const from = new URL(stock.url);
      from.pathname = "/stock";
      const spawned = spawnSync("psql", [stock.url, "-c", "create database stock"]);
      expect(spawned.status).toBe(0);
      const database = { databaseUrl: from.href, dataFolder: source.dataFolder };
      const env = { TRIPGRID_DATA_DIR: source.dataFolder, DATABASE_URL: from.href };
      const service = await startTestService({}, { ...database, env, drop: async () => {} });
      expect(service.prepared.engine).toBe("postgres");
      await callJson(service, "PUT", "/v1/regions/Turin", { boundary: polygon(corners(7, 45, 8, 46)) });
      await sendNew(
        service,
        Array.from({ length: 501 }, (_, i) => trip({ trip_id: String(i), region: "Turin" })),
      );
      await service.stop();
      const to = beside("_moved");
      const urls = { FROM_URL: from.href, TO_URL: to, DATABASE_URL: source.databaseUrl ?? "" };
      const { status, stdout, stderr } = await runPage("docs/upgrade.md", urls);
      expect([status, stderr]).toEqual([0, expect.any(String)]);
      expect(stdout).toMatch(/timescaledb \| \d/);
      expect(stdout).toMatch(/the same\n$/);
      await expectService(to);
    } finally {
      stock.stop();
    }
  });
});
