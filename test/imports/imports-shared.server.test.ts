import { randomUUID } from "node:crypto";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { readConfig } from "../../src/config.ts";
import { type Service, startService } from "../../src/service.ts";
import { call, countOf } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { ask, csvOf, ended, inboxOf, listed, numbers, put, until } from "./import-files.ts";

const often = { inboxMs: 100, batchesMs: 100 };
const service = useService({}, often);
/** Another process, as far as it matters: the same database and the same inbox. */
let second: Service;
/** One on another machine: the same database, and an inbox of its own. */
let elsewhere: Service;

beforeAll(async () => {
  const config = readConfig({ ...service.database.env, PORT: "0" });
  const crash = (error: Error) => {
    throw error;
  };
  const start = (more: object) => startService({ ...config, ...more }, pino({ level: "silent" }), crash, often);
  second = await start({});
  elsewhere = await start({ inboxFolder: `${config.inboxFolder}-elsewhere` });
});
afterAll(async () => {
  await second?.stop();
  await elsewhere?.stop();
});

describe("several services on one database", () => {
  it("import a file in the inbox that they share once, and list it once", async () => {
    const putOld = async (inbox: string, name: string, trips: number) => {
      await writeFile(join(inbox, name), csvOf(name, trips));
      await utimes(join(inbox, name), new Date(), new Date(Date.now() - 60_000));
    };
    for (let i = 1; i <= 5; i++) await putOld(inboxOf(service), `shared-${i}.csv`, 1000);
    for (let i = 1; i <= 5; i++) {
      const found = await until(async () => (await listed(service, `shared-${i}.csv`))[0]);
      expect(numbers(await ended(second, found.import_id))).toEqual([1000, 1000, 0, 0]);
    }
    // All three have looked again once they have taken files that came later.
    await putOld(inboxOf(service), "shared-later.csv", 1);
    await putOld(`${inboxOf(service)}-elsewhere`, "elsewhere.csv", 1);
    await until(async () => (await listed(service, "shared-later.csv"))[0]);
    await until(async () => (await listed(elsewhere, "elsewhere.csv"))[0]);
    for (let i = 1; i <= 5; i++) expect(await listed(elsewhere, `shared-${i}.csv`)).toEqual([]);
    for (let i = 1; i <= 5; i++) expect(await listed(service, `shared-${i}.csv`)).toHaveLength(1);
  });

  it("do the work once when all are asked for it at the same moment", async () => {
    await put(service, "at-once.csv", csvOf("at once", 20_000));
    const both = [service, second, service, second];
    const replies = await Promise.all(both.map((one) => ask({ ...service, url: one.url }, "at-once.csv")));
    expect(new Set(replies.map(({ body }) => body.batch_id)).size).toBe(1);
    expect(numbers(await ended(service, replies[0]?.body.import_id ?? ""))).toEqual([20_000, 20_000, 0, 0]);
    expect(await countOf(service, "at once")).toBe(20_000);
  });

  it("leave a file that they cannot see to the processes that share its inbox", async () => {
    const own = await readFile(join(inboxOf(service), ".tripgrid-inbox"), "utf8");
    const queue = async (inbox: string) => {
      const file = { path: "/nowhere/gone.csv", bytes: 1, modifiedAt: "2026-01-01T00:00:00.000Z", inbox };
      const batchId = randomUUID();
      await service.sql`
        insert into tripgrid.batches (batch_id, state, request, bytes)
        values (${batchId}, 'queued', ${service.sql.json({ contentType: "text/csv", identity: "content", file })}, 1)`;
      return batchId;
    };
    const theirs = await queue("an inbox of another machine");
    const ours = await queue(own);
    const state = async (batchId: string) => (await call<Receipt>(service, `/v1/batches/${batchId}`)).body;
    const failed = (batchId: string) =>
      until(async () => {
        const receipt = await state(batchId);
        return receipt.state === "failed" && receipt;
      });
    expect((await failed(ours)).error?.code).toBe("file_changed");
    // The workers take the oldest batch first, so they have looked at theirs again.
    await failed(await queue(own));
    expect((await state(theirs)).state).toBe("queued");
  });
});
