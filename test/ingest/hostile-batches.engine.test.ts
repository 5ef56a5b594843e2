import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { call, type Problem, send, trip } from "../harness/api.ts";
import { isFull, itInFull, useService } from "../harness/index.ts";

const KB = 1024;
const MB = 1024 * KB;

const service = useService({ maxRejectedRows: 3, maxQuestionBytes: 16 * KB, syncBodyBytes: MB });

const receiptAt = async (id: string) => (await call<Receipt>(service, `/v1/batches/${id}`)).body;

async function final(id: string): Promise<Receipt> {
  await expect
    .poll(async () => (await receiptAt(id)).state, { timeout: 100_000, interval: 50 })
    .toMatch(/committed|failed/);
  return receiptAt(id);
}

const later = { prefer: "respond-async" };

async function finalOf(body: unknown, type = "application/json", headers = {}): Promise<Receipt> {
  const reply = await send<Receipt>(service, body, { type, headers: { ...later, ...headers } });
  expect(reply.status).toBe(202);
  return final(reply.body.batch_id);
}

const late = trip({ source: "hostile", started_at: "yesterday" });
const counts = ({ received, inserted, duplicates, rejected }: Receipt) => [received, inserted, duplicates, rejected];

async function keptOf(id: string): Promise<number> {
  const text = await (await fetch(`${service.url}/v1/batches/${id}/rejects?format=ndjson`)).text();
  return text.split("\n").filter((line) => line !== "").length;
}

describe("rejected rows of a batch", () => {
  it("are all kept up to the limit", async () => {
    const { body } = await send(service, [trip({ source: "hostile", trip_id: "a" }), late, late, late]);
    expect(counts(body)).toEqual([4, 1, 0, 3]);
    expect(body).not.toHaveProperty("rejects_kept");
    expect(await receiptAt(body.batch_id)).toEqual(body);
    expect(await keptOf(body.batch_id)).toBe(3);
  });

  it("past it are counted by their reasons", async () => {
    const rows = [trip({ source: "hostile", trip_id: "b" }), late, late, 5, late, 6, {}];
    const sync = (await send(service, rows)).body;
    const async = await finalOf(rows.map((row) => JSON.stringify(row)).join("\n"), "application/x-ndjson");
    for (const receipt of [sync, await receiptAt(sync.batch_id), async]) {
      expect(receipt.received).toBe(receipt.inserted + receipt.duplicates + receipt.rejected);
      expect(receipt).toMatchObject({
        rejected: 6,
        rejects: { length: 3 },
        rejects_kept: 3,
        rejects_dropped: { invalid_time: 1, invalid_row: 1, missing: 1 },
      });
      expect(await keptOf(receipt.batch_id)).toBe(3);
    }
  });

  it("of many chunks are counted together", async () => {
    const receipt = await finalOf("{}\n".repeat(12_000), "application/x-ndjson");
    expect(counts(receipt)).toEqual([12_000, 0, 0, 12_000]);
    expect(receipt).toMatchObject({ rejects_kept: 3, rejects_dropped: { missing: 11_997 } });
    expect(await keptOf(receipt.batch_id)).toBe(3);
  });
});

describe("a body that holds next to nothing many times over", () => {
  it.each(isFull(process.env) ? ["0", "{}", "[]"] : ["0"])("is read as a stream of rows: %s", async (member) => {
    const body = `[${`${member},`.repeat(200_000)}${member}]`;
    const receipt = await finalOf(gzipSync(body), "application/json", { "content-encoding": "gzip" });
    expect(counts(receipt)).toEqual([200_001, 0, 0, 200_001]);
  });

  itInFull("is a rejected row, if it is a row of millions of cells", async () => {
    const good = "hostile,2018-05-21T08:00:00,7.67,45.05";
    const csv = `source,started_at,origin_lon,origin_lat\n${",".repeat(6_000_000)}\n${good}\n`;
    const one = await send(service, gzipSync(csv), {
      type: "text/csv",
      headers: { "content-encoding": "gzip" },
    });
    expect(counts(await final(one.body.batch_id))).toEqual([2, 1, 0, 1]);
    const rows = `source,started_at,origin_lon,origin_lat\n${`${",".repeat(3_900_000)}\n`.repeat(3)}${good}\n`;
    const wide = await finalOf(gzipSync(rows), "text/csv", { "content-encoding": "gzip" });
    expect(counts(wide)).toEqual([4, 0, 1, 3]);
  });

  it("is refused where it is nothing but blank", async () => {
    const reply = await send<Problem>(service, gzipSync("\n".repeat(20 * MB)), {
      headers: { ...later, "content-encoding": "gzip" },
    });
    expect([reply.status, reply.body.code]).toEqual([400, "invalid_body"]);
  });
});

it("JSON that breaks far into a body is refused with the place, and nothing is stored", async () => {
  const good = JSON.stringify(trip({ source: "broken" }));
  const receipt = await finalOf(`[\n${`${good},\n`.repeat(12_000)}{"source":]`);
  expect(counts(receipt)).toEqual([0, 0, 0, 0]);
  expect(receipt.error).toMatchObject({
    code: "invalid_json",
    detail: expect.stringContaining("line 12002, column 11"),
  });
});

describe("a batch over which processes ended", () => {
  /** Puts a batch there as processes left it that ended over it. */
  async function left(deaths: number, alone: boolean, isCrash = false): Promise<string> {
    const id = randomUUID();
    const content = Buffer.from(JSON.stringify(trip({ source: "poison", trip_id: id })));
    const request = { identity: "content", withVerdicts: false };
    const claim = { by: randomUUID(), chunks: 0, alone };
    // What Node leaves of a process that ended by its own fault.
    if (isCrash) await writeFile(join(service.database.dataFolder, "crashes", `${claim.by}.json`), "{}");
    await service.sql.begin(async (tx) => {
      await tx`insert into tripgrid.payload_parts (batch_id, part, content) values (${id}, 0, ${content})`;
      await tx`
        insert into tripgrid.batches (batch_id, state, request, bytes, claim, deaths)
        values (${id}, 'running', ${JSON.stringify(request)}::text::jsonb, ${content.length},
                ${JSON.stringify(claim)}::text::jsonb, ${deaths})`;
    });
    return id;
  }

  it("is tried again after one, and is like any other once it is done", async () => {
    // Others may have been killed over it: that says nothing of it.
    for (const id of [
      await left(0, false),
      await left(5, false, true),
      await left(5, true),
      await left(0, true, true),
    ]) {
      expect(counts(await final(id))).toEqual([1, 1, 0, 0]);
      expect(await service.sql`select claim from tripgrid.batches where batch_id = ${id}`).toEqual([{ claim: null }]);
    }
  });

  it("is set aside after two crashes that it caused; the queue continues, and the payload is kept", async () => {
    const id = await left(5, true, true);
    const receipt = await final(id);
    expect(receipt).toMatchObject({ state: "failed", inserted: 0, error: { code: "poison" } });
    expect(counts(await finalOf([trip({ source: "poison", trip_id: "after" })]))).toEqual([1, 1, 0, 0]);
    const parts = await service.sql`select 1 from tripgrid.payload_parts where batch_id = ${id}`;
    expect(parts.length).toBe(1);
    expect(await (await fetch(`${service.url}/metrics`)).text()).toContain("tripgrid_poison_batches 1\n");
  });
});

describe("the body of a question", () => {
  it.each([
    ["that is no UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), 400, "invalid_encoding"],
    ["of as many bytes as are allowed", Buffer.alloc(16 * KB, " "), 400, "invalid_json"],
    ["of one more", Buffer.alloc(16 * KB + 1, " "), 413, "body_too_large"],
  ])("%s is refused", async (_, body, status, code) => {
    const reply = await call<Problem>(service, "/v1/query", { method: "POST", body: body as never });
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });
});

it("a body that hardly comes is a 408, and its connection ends", { timeout: 40_000 }, async () => {
  const { hostname, port } = new URL(service.url);
  const bodies = ["/v1/trips", "/v1/query", "/v1/imports?file=slow.csv"].map(async (path) => {
    const socket = connect(Number(port), hostname);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 16000\r\n\r\n[`);
    const dribble = setInterval(() => socket.write(" "), 1000);
    let reply = "";
    socket.on("data", (data) => {
      reply += data;
    });
    socket.on("error", () => {});
    await once(socket, "close");
    clearInterval(dribble);
    return reply.split("\r\n", 1)[0];
  });
  expect(await Promise.all(bodies)).toEqual(Array(3).fill("HTTP/1.1 408 Request Timeout"));
});
