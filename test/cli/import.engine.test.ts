import { spawn } from "node:child_process";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import type { Import } from "../../src/imports/imports.ts";
import {
  engine,
  freePort,
  freshDatabase,
  inDatabase,
  itInFull,
  type SpawnedService,
  spawnService,
  type TestDatabase,
} from "../harness/index.ts";
import { csvOf, LONG_ROWS } from "../imports/import-files.ts";

/** The second one is not handled by other code, and each takes some five starts of a process. */
const SIGNALS = engine === "embedded" ? (["SIGTERM"] as const) : (["SIGINT", "SIGTERM"] as const);

const COMMAND = resolve(import.meta.dirname, "../../src/tripgrid.js");

let folder: string;
let port: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = await mkdtemp(join(inject("store").folder, "files-"));
  port = String(await freePort());
});
beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(() => database.drop());

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command as somebody does who has no terminal, in a folder of its own. */
function tripgrid(
  args: string[],
  kill?: { signal: NodeJS.Signals; when: (stderr: () => string) => Promise<void> },
): Promise<Run> {
  // The file itself, as npx runs it: it says how it wants to be run.
  const child = spawn(COMMAND, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, TMPDIR: inject("store").folder, ...database.env, PORT: port },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  void kill?.when(() => output.stderr).then(() => child.kill(kill.signal));
  return new Promise((ended, failed) => {
    child.once("error", failed);
    child.once("close", (status) => ended({ status, ...output }));
  });
}

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return name;
}

const stored = () =>
  inDatabase(
    database,
    (sql) => sql<{ source: string; trips: number }[]>`
    select source, count(*) as trips from tripgrid.trips group by source order by source`,
  );

describe("tripgrid import without a service that runs", () => {
  it("imports files, and says of each what became of it", async () => {
    const good = await file("good.csv", csvOf("good", 1500));
    const mixed = await file("mixed.csv", `${csvOf("mixed", 2)}x,mixed,yesterday,7.67,45.05\n`);
    const first = await tripgrid(["import", good, join(folder, mixed)]);
    expect([first.status, first.stderr]).toEqual([0, expect.not.stringContaining("ailed")]);
    expect(first.stdout).toMatch(/^good\.csv: 1,500 rows: 1,500 inserted, 0 duplicates, 0 rejected; [\d,]+ rows\/s\n/);
    expect(first.stdout).toMatch(/mixed\.csv: 3 rows: 2 inserted, 0 duplicates, 1 rejected/);
    expect(first.stdout).toMatch(/\n {2}row 3: started_at: .*\n.*\/v1\/batches\/[0-9a-f-]{36}\/rejects/);
    expect(await stored()).toEqual([
      { source: "good", trips: 1500 },
      { source: "mixed", trips: 2 },
    ]);

    const second = await tripgrid(["import", good]);
    expect(second.status).toBe(0);
    expect(second.stdout).toMatch(/^good\.csv: already imported .* 1,500 rows: 1,500 inserted/);
    const again = await tripgrid(["import", "--again", good]);
    expect(again.stdout).toMatch(/^good\.csv: 1,500 rows: 0 inserted, 1,500 duplicates/);
  });

  it("fails with status 1 for what cannot be imported, and imports the rest", async () => {
    const good = await file("rest.csv", csvOf("rest", 1));
    const wrong = await file("wrong.csv", "a,b\n1,2\n");
    const empty = await file("empty.ndjson", "");
    const other = await file("notes.txt", "x");
    const { status, stdout, stderr } = await tripgrid(["import", "nobody.csv", wrong, empty, other, good]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^nobody\.csv: there is no such file$/m);
    expect(stderr).toMatch(/^wrong\.csv: failed: The CSV's header fits no mapping/m);
    expect(stderr).toMatch(/^empty\.ndjson: it holds no rows$/m);
    expect(stderr).toMatch(/^notes\.txt: failed: The CSV's header fits no mapping/m);
    expect(stdout).toMatch(/^rest\.csv: 1 rows: 1 inserted/m);
    const unknown = await tripgrid(["import", "--mapping", "nobody", good]);
    expect([unknown.status, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/^rest\.csv: mapping: expected one of /),
    ]);
  });

  itInFull.each(SIGNALS)("stops at %s, and the same command continues", async (signal) => {
    const rows = 2 * LONG_ROWS;
    const large = await file(`large ${signal}.csv`, csvOf(signal, rows));
    const { status, stderr } = await tripgrid(["import", large], { signal, when: rowsAreStored });
    expect(status).toBe(signal === "SIGINT" ? 130 : 143);
    expect(stderr).toMatch(/The same command goes on/);
    const before = (await stored())[0]?.trips ?? 0;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(rows);
    const next = await tripgrid(["import", large]);
    expect(next.status).toBe(0);
    expect(next.stdout).toContain(`: ${told(rows)} rows: ${told(rows)} inserted, 0 duplicates, 0 rejected`);
  });
});

/** A number as the command writes it. */
const told = (count: number) => count.toLocaleString("en");

/** It says so itself, and the embedded engine can be asked by nobody else. */
async function rowsAreStored(stderr: () => string): Promise<void> {
  while (!/\| [1-9][\d,]* rows \|/.test(stderr())) await sleep(10);
}

describe("tripgrid import with a service that runs", () => {
  let service: SpawnedService;
  let url: string;
  beforeEach(async () => {
    service = spawnService({ ...database.env, PORT: port });
    url = await service.listening();
  });
  afterEach(async () => {
    service.kill("SIGTERM");
    await service.exited;
  });
  const imports = async () => ((await (await fetch(`${url}/v1/imports`)).json()) as { imports: Import[] }).imports;
  const inbox = () => join(database.dataFolder, "inbox");

  it("hands them to it, and tells where the rejected rows are", async () => {
    const name = await file("handed.csv", `${csvOf("handed", 2)}x,handed,yesterday,7.67,45.05\n`);
    for (const args of [
      ["import", name],
      ["import", "--url", `${url}/`, name],
    ]) {
      const { status, stdout, stderr } = await tripgrid(args);
      expect([status, stderr]).toEqual([0, expect.not.stringContaining("ailed")]);
      const rejects = /http:\/\/\S+/.exec(stdout)?.[0] ?? "";
      expect(rejects).toMatch(new RegExp(`^${url}/v1/batches/[0-9a-f-]{36}/rejects$`));
      expect(await (await fetch(rejects)).text()).toContain("yesterday");
    }
    expect((await imports()).map((one) => [one.path, one.already_imported])).toEqual([
      ["handed.csv", true],
      ["handed.csv", false],
    ]);
  });

  it("lets the service import files from its own inbox", async () => {
    await writeFile(join(inbox(), "inside.csv"), csvOf("inside", 3));
    const { status, stdout } = await tripgrid(["import", join(inbox(), "inside.csv")]);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/3 rows: 3 inserted/)]);
    expect((await readdir(inbox())).filter((name) => name.includes("inside"))).toEqual(["inside.csv"]);
  });

  itInFull(
    "waits for a service that is killed in the middle and started again, which continues the import",
    async () => {
      const name = await file("killed.csv", csvOf("killed", LONG_ROWS));
      const command = tripgrid(["import", name]);
      while (((await imports())[0]?.rows ?? 0) === 0) await sleep(20);
      service.kill("SIGKILL");
      await service.exited;
      service = spawnService({ ...database.env, PORT: port });
      const { status, stdout } = await command;
      const all = `: ${told(LONG_ROWS)} rows: ${told(LONG_ROWS)} inserted, 0 duplicates`;
      expect([status, stdout]).toEqual([0, expect.stringContaining(all)]);
      expect(await imports()).toHaveLength(1);
    },
  );

  it("leaves the import to it when it is stopped", async () => {
    const name = await file("left.csv", csvOf("left", LONG_ROWS));
    const underWay = async () => {
      while (((await imports())[0]?.rows ?? 0) === 0) await sleep(20);
    };
    const { status, stderr } = await tripgrid(["import", name], { signal: "SIGINT", when: underWay });
    expect([status, stderr]).toEqual([130, expect.stringContaining(`goes on in the service: ${url}/v1/imports`)]);
    for (;;) {
      const [one] = await imports();
      if (one?.state === "committed") {
        expect([one.rows, one.inserted]).toEqual([LONG_ROWS, LONG_ROWS]);
        break;
      }
      await sleep(50);
    }
  });
});
