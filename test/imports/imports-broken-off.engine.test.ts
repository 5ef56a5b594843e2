import { once } from "node:events";
import { appendFile, readdir, rm, writeFile } from "node:fs/promises";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { gzipSync } from "node:zlib";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { type Service, startService } from "../../src/service.ts";
import { call, countOf } from "../harness/api.ts";
import { freshDatabase, inDatabase, isFull, type TestDatabase } from "../harness/index.ts";
import { ask, csvOf, csvRows, ended, inboxOf, listed, numbers, put, LONG_ROWS as ROWS, until } from "./import-files.ts";

type Started = Service & { database: TestDatabase };
let database: TestDatabase;
let service: Started;
const start = async () => {
  const config = readConfig({ ...database.env, PORT: "0" });
  const started = await startService(config, pino({ level: "silent" }), (error) => {
    throw error;
  });
  service = { ...started, database };
};
beforeAll(async () => {
  database = await freshDatabase();
  await start();
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});
const asTest = () => service as Parameters<typeof put>[0];

/** Asks for a file and waits until some of its rows are stored. */
async function underWay(file: string): Promise<string> {
  const { import_id } = (await ask(asTest(), file)).body;
  await until(async () => (await call<{ rows: number }>(service, `/v1/imports/${import_id}`)).body.rows > 0);
  return import_id;
}

describe("a service that is stopped in the middle of a file", () => {
  const FORMS: [string, (csv: string) => string | Buffer][] = [
    ["plain.csv", (csv) => csv],
    ["packed.csv.gz", (csv) => gzipSync(csv, { level: 1 })],
  ];
  it.each(isFull(process.env) ? FORMS : FORMS.slice(0, 1))(
    "goes on after the last rows that were stored: %s",
    async (file, content) => {
      await put(asTest(), file, content(csvOf(file, ROWS)));
      const importId = await underWay(file);
      await service.stop();
      const [stopped] = await inDatabase(
        database,
        (sql) => sql<{ received: number; state: string }[]>`
      select received, state from tripgrid.batches join tripgrid.imports using (batch_id) where import_id = ${importId}`,
      );
      expect(stopped?.state).toBe("running");
      expect(stopped?.received).toBeLessThan(ROWS);
      await start();
      const done = await ended(service, importId);
      // Rows that were read twice would be duplicates now.
      expect([done.state, ...numbers(done)]).toEqual(["committed", ROWS, ROWS, 0, 0]);
      expect(await countOf(service, file)).toBe(ROWS);
      expect(await listed(service, file)).toHaveLength(1);
    },
  );
});

describe("a file that is asked for while it is imported", () => {
  it("is the import that is under way", async () => {
    await put(asTest(), "twice.csv", csvOf("twice", ROWS));
    const importId = await underWay("twice.csv");
    const { status, body } = await ask(asTest(), "twice.csv");
    expect([status, body.import_id, body.already_imported]).toEqual([202, importId, false]);
    expect(numbers(await ended(service, importId))).toEqual([ROWS, ROWS, 0, 0]);
  });
});

describe("a file that changes after it was taken", () => {
  it("fails in the middle, tells what was stored, and can be asked for as it is now", async () => {
    const path = await put(asTest(), "changed.csv", csvOf("changed", ROWS));
    const importId = await underWay("changed.csv");
    await appendFile(path, csvRows("changed", 10, ROWS + 1));
    const failed = await ended(service, importId);
    expect([failed.state, failed.error?.code]).toEqual(["failed", "file_changed"]);
    expect(failed.rows).toBeLessThan(ROWS);
    expect(await countOf(service, "changed")).toBe(failed.inserted);

    const done = await ended(service, (await ask(asTest(), "changed.csv")).body.import_id);
    expect([done.state, ...numbers(done)]).toEqual([
      "committed",
      ROWS + 10,
      ROWS + 10 - failed.inserted,
      failed.inserted,
      0,
    ]);
  });

  it("fails before its first row if it changed, or was removed, before its turn came", async () => {
    await put(asTest(), "long.csv", csvOf("long", ROWS));
    const rewritten = await put(asTest(), "rewritten.csv", csvOf("rewritten", 5));
    const removed = await put(asTest(), "removed.csv", csvOf("removed", 5));
    const long = await underWay("long.csv");
    const ids = [(await ask(asTest(), "rewritten.csv")).body, (await ask(asTest(), "removed.csv")).body];
    await writeFile(rewritten, csvOf("rewritten", 7));
    await rm(removed);
    expect((await ended(service, long)).state).toBe("committed");
    for (const { import_id } of ids) {
      const failed = await ended(service, import_id);
      expect([failed.state, failed.error?.code, ...numbers(failed)]).toEqual(["failed", "file_changed", 0, 0, 0, 0]);
    }
  });
});

describe("a file of which the sending breaks off", () => {
  const begin = (file: string): ClientRequest => {
    const sending = request(`${service.url}/v1/imports?file=${file}`, {
      method: "POST",
      headers: { "content-length": 100_000_000 },
    });
    sending.on("error", () => {});
    sending.write(csvOf(file, 10_000));
    return sending;
  };
  const arriving = async () => (await readdir(inboxOf(asTest()))).some((name) => name.startsWith(".upload-"));

  it("leaves nothing behind", async () => {
    const before = await readdir(inboxOf(asTest()));
    const sending = begin("broken-off.csv");
    await until(arriving);
    sending.destroy();
    await until(async () => !(await arriving()));
    expect(await readdir(inboxOf(asTest()))).toEqual(before);
    expect(await listed(service, "broken-off.csv")).toEqual([]);
  });

  it("does not hold up the end of the service, which leaves nothing of it either", async () => {
    const before = await readdir(inboxOf(asTest()));
    const sending = begin("stopped.csv");
    await until(arriving);
    const reply = once(sending, "response");
    await service.stop();
    // Only a connection that is closed because it holds up the stop has no reply.
    const [{ statusCode }] = (await reply) as [IncomingMessage];
    expect(statusCode).toBe(503);
    sending.destroy();
    expect(await readdir(inboxOf(asTest()))).toEqual(before);
    await start();
    expect(await listed(service, "stopped.csv")).toEqual([]);
  });
});
