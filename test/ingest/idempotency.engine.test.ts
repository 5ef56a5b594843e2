import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { countOf, type Problem, send, trip } from "../harness/api.ts";
import { freshDatabase, startTestService, useService } from "../harness/index.ts";

const service = useService();

const key = (value: string) => ({ headers: { "idempotency-key": value } });
const rows = (source: string, n = 3) => Array.from({ length: n }, () => trip({ source }));
/** Without the key each of these would be stored again. */
const byRow = { query: "identity=row" };

async function batches(): Promise<number> {
  const [row] = await service.sql<{ count: number }[]>`select count(*) from tripgrid.batches`;
  return row?.count ?? Number.NaN;
}

describe("a request with an idempotency key", () => {
  it("that comes again gives the same receipt and stores nothing", async () => {
    const before = await batches();
    const first = await send(service, rows("again"), { ...key("again"), ...byRow });
    const second = await send(service, rows("again"), { ...key("again"), ...byRow });
    expect(second.body).toEqual(first.body);
    expect(second.status).toBe(200);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect([await batches(), await countOf(service, "again")]).toEqual([before + 1, 3]);
  });

  it("that comes again packed is the same request", async () => {
    const body = JSON.stringify(rows("packed"));
    const first = await send(service, body, { ...key("packed"), ...byRow });
    const packed = { ...byRow, headers: { ...key("packed").headers, "content-encoding": "gzip" } };
    expect((await send(service, gzipSync(body), packed)).body).toEqual(first.body);
  });

  it("of which no row was a trip gives the same problem again", async () => {
    const bad = [trip({ source: "bad", origin: null })];
    const first = await send<Problem & { receipt: Receipt }>(service, bad, key("bad"));
    const second = await send<Problem & { receipt: Receipt }>(service, bad, key("bad"));
    expect([first.status, first.body.code]).toEqual([422, "no_valid_rows"]);
    expect([second.status, second.body.receipt]).toEqual([422, first.body.receipt]);
  });

  it("that was refused whole has not used its key", async () => {
    expect((await send(service, "{", { ...key("refused"), type: "application/json" })).status).toBe(400);
    expect((await send(service, rows("refused", 1), key("refused"))).body.inserted).toBe(1);
  });

  it.each<[string, unknown, string]>([
    ["another body", rows("other", 4), byRow.query],
    ["other parameters", rows("other"), "identity=row&verdicts=all"],
    ["fewer parameters", rows("other"), ""],
  ])("whose key was used for %s is a 422 and stores nothing", async (_, body, query) => {
    const first = await send(service, rows("other"), { ...key("other"), ...byRow });
    const stored = await countOf(service, "other");
    const reply = await send<Problem>(service, body, { ...key("other"), query });
    expect([reply.status, reply.body.code, reply.body.batch_id]).toEqual([
      422,
      "idempotency_key_reused",
      first.body.batch_id,
    ]);
    expect(await countOf(service, "other")).toBe(stored);
  });

  it("sent several times at once does the work once, and all get the same receipt", async () => {
    const before = await batches();
    const sent = Array.from({ length: 6 }, () => send(service, rows("at once", 50), { ...key("at once"), ...byRow }));
    const replies = await Promise.all(sent);
    expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect([await batches(), await countOf(service, "at once")]).toEqual([before + 1, 50]);
  });

  it.each(["", "x".repeat(256)])("may not be named %j", async (name) => {
    expect((await send<Problem>(service, rows("name", 1), key(name))).body.code).toBe("invalid_parameter");
  });
});

it("a key outlives the service: the same request after a restart gives the same receipt", async () => {
  const database = await freshDatabase();
  const kept = { ...database, drop: async () => {} };
  const before = await startTestService({}, kept);
  const first = await send(before, rows("restart"), { ...key("restart"), ...byRow });
  expect(first.body.inserted).toBe(3);
  await before.stop();

  const after = await startTestService({}, database);
  try {
    expect((await send(after, rows("restart"), { ...key("restart"), ...byRow })).body).toEqual(first.body);
    expect(await countOf(after, "restart")).toBe(3);
  } finally {
    await after.stop();
  }
});
