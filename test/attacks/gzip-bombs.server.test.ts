/** A few kilobytes that unpack to a thousand times as much: what is kept of them is bounded, and others go on. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ask, expectProblem, finalReceipt, oneTrip, post, useTarget } from "./harness/index.ts";

const target = useTarget();
const packed = { "content-type": "application/x-ndjson", "content-encoding": "gzip", prefer: "respond-async" };

describe("a packed body", () => {
  const rows = 400_000;

  it("of empty objects keeps a bounded number of rejected rows, and counts all", async () => {
    const reply = await post(target.url, gzipSync("{}\n".repeat(rows)), packed);
    if (reply.status !== 202) return void expectProblem(reply, 413, 422);
    const receipt = await finalReceipt(target.url, reply, 200_000);
    expect(receipt).toMatchObject({ inserted: 0, rejects: expect.any(Array) });
    if (receipt?.state === "committed") expect(receipt).toMatchObject({ received: rows, rejected: rows });
    const [kept] = await target.sql<{ rows: number; bytes: number }[]>`
      select count(*) as rows, pg_total_relation_size('tripgrid.rejected_rows') as bytes from tripgrid.rejected_rows`;
    expect(kept?.rows).toBeLessThanOrEqual(100_000);
    expect(kept?.bytes).toBeLessThan(128 * 1024 * 1024);
  });

  it("of empty lines ends, and does not hold up the small ones behind it", async () => {
    const lines = Buffer.alloc(300 * 1024 * 1024, "\n");
    const bombs = await Promise.all(Array.from({ length: 3 }, () => post(target.url, gzipSync(lines), packed)));
    const small = await post(target.url, gzipSync(oneTrip()), packed);
    expect((await finalReceipt(target.url, small, 60_000))?.state).toBe("committed");
    for (const bomb of bombs) {
      if (bomb.status !== 202) expectProblem(bomb, 400, 413, 422);
      expect((await finalReceipt(target.url, bomb, 150_000))?.inserted ?? 0).toBe(0);
    }
  });

  it("that is answered at once is no way round the limits", async () => {
    const reply = await post(target.url, gzipSync(" ".repeat(200 * 1024 * 1024)), {
      "content-type": "application/json",
      "content-encoding": "gzip",
    });
    if (reply.status !== 202) expectProblem(reply, 400, 413, 422);
    await finalReceipt(target.url, reply);
  });

  it("of a question is not unpacked at all", async () => {
    const body = gzipSync("{}".padEnd(50_000_000));
    const headers = { "content-encoding": "gzip", "content-type": "application/json" };
    expectProblem(await ask(target.url, { method: "POST", path: "/v1/query", headers, body }), 400, 413, 415);
  });
});
