/**
 * Whatever is posted, the reply is a receipt that is right or a problem that says what is wrong, and never a fault of ours.
 *
 * `TRIPGRID_TEST_CASES` says how many bodies are sent, 600 unless told. `TRIPGRID_TEST_SEED` repeats a run: the title of
 * a failed test names it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { ERRORS } from "../../src/errors.ts";
import { call, countOf, send, trip } from "../harness/api.ts";
import { countFrom, useService } from "../harness/index.ts";
import { type FuzzReply, postFuzzed, requests, sendRaw } from "./fuzz/requests.ts";

const cases = countFrom("TRIPGRID_TEST_CASES", 600, 10_000);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);

const service = useService();

/** Receipts that are not final are looked at in the end. */
const receipts = new Map<string, Receipt>();
const statuses: Record<number, number> = {};

function checkReceipt(receipt: Receipt): void {
  expect(receipt.received).toBe(receipt.inserted + receipt.duplicates + receipt.rejected);
  expect(receipt.rejects.length).toBe(Math.min(100, receipt.rejected));
  if (receipt.verdicts) expect(receipt.verdicts.length).toBe(receipt.received);
  receipts.set(receipt.batch_id, receipt);
}

function checkReply({ status, type, text }: FuzzReply): void {
  statuses[status] = (statuses[status] ?? 0) + 1;
  const body = JSON.parse(text);
  if (status === 200 || status === 202) {
    expect(body.state === "committed").toBe(status === 200);
    checkReceipt(body);
    return;
  }
  expect(type).toContain("application/problem+json");
  const error = ERRORS[body.code as keyof typeof ERRORS];
  expect([status, body.status]).toEqual([error?.status, error?.status]);
  expect(status, text).toBeGreaterThanOrEqual(400);
  expect(status, text).toBeLessThan(500);
  expect(body.detail).toEqual(expect.any(String));
  if (body.receipt) checkReceipt(body.receipt);
}

describe(`bodies of all kinds (TRIPGRID_TEST_SEED=${seed})`, () => {
  it("get a receipt that is right, or a problem", { timeout: 600_000 + cases * 150 }, async () => {
    const property = fc.asyncProperty(requests, async (request) => checkReply(await postFuzzed(service.url, request)));
    await fc.assert(property, {
      seed,
      numRuns: cases,
      interruptAfterTimeLimit: 30_000 + cases * 150,
      markInterruptAsFailure: true,
    });
    // It is rows that are tested here, and not just what is refused at the door.
    expect(receipts.size / cases, JSON.stringify(statuses)).toBeGreaterThan(0.2);
  });

  it.each([
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]"],
    ["a length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n"],
    ["a negative length", "Content-Length: -2\r\n\r\n[]"],
    ["a chunk that is no number", "Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n"],
    ["a body that ends too early", "Content-Length: 2000\r\n\r\n["],
    ["headers that do not end", `X-Long: ${"x".repeat(100_000)}\r\n`],
    ["a header that is none", "no header\r\n\r\n[]"],
  ])("with %s are refused, or not answered", async (_, rest) => {
    const answer = await sendRaw(service.url, `POST /v1/trips HTTP/1.1\r\nHost: x\r\n${rest}`);
    expect(answer).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    expect((await call(service, "/livez")).status).toBe(200);
  });

  it("are in the tables as their receipts say", async () => {
    for (const [id, { state }] of receipts) {
      if (state === "committed" || state === "failed") continue;
      let receipt = (await call<Receipt>(service, `/v1/batches/${id}`)).body;
      while (receipt.state === "queued" || receipt.state === "running") {
        await sleep(50);
        receipt = (await call<Receipt>(service, `/v1/batches/${id}`)).body;
      }
      if (receipt.state === "failed") expect(receipt.error?.code, JSON.stringify(receipt)).not.toBe("internal");
      checkReceipt(receipt);
    }
    const all = [...receipts.values()];
    const sum = (count: (one: Receipt) => number) => all.reduce((n, one) => n + count(one), 0);
    const [stored] = await service.sql`
      select (select count(*) from tripgrid.trips) as trips, (select count(*) from tripgrid.rejected_rows) as rejected,
             count(*) as batches, sum(received) as received, sum(inserted) as inserted, sum(duplicates) as duplicates
      from tripgrid.batches`;
    expect(stored).toEqual({
      ...{ trips: sum((one) => one.inserted), rejected: sum((one) => one.rejected), batches: all.length },
      ...{ received: sum((one) => one.received), inserted: sum((one) => one.inserted) },
      duplicates: sum((one) => one.duplicates),
    });
  });

  it("leave the service as it was", async () => {
    expect((await call(service, "/readyz")).status).toBe(200);
    expect((await send(service, trip({ source: "afterwards" }))).body.inserted).toBe(1);
    expect(await countOf(service, "afterwards")).toBe(1);
  });
});
