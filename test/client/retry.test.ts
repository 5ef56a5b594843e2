import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { retryAfterMs, TripgridClient, TripgridError } from "../../client/index.ts";

interface Step {
  status: number;
  headers?: Record<string, string>;
  body?: object;
}
let close = () => {};
afterEach(() => close());

/** A service that answers with these steps in turn; no step: the connection is cut. */
async function serviceWith(steps: (Step | undefined)[]) {
  const requests: { head: IncomingMessage; body: string }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ head: request, body: await text(request) });
    const step = steps[requests.length - 1];
    if (!step) return request.socket.destroy();
    response.writeHead(step.status, { "content-type": "application/json", ...step.headers });
    return response.end(JSON.stringify(step.body ?? {}));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  close = () => server.close();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
const receipt = { batch_id: "b", state: "committed" };
const trips = [{ source: "s", started_at: "2018-05-21T02:54:04", origin: [7.67, 44.99] }];

it("a post that got no reply, or was put off, is sent again with the same key and body", async () => {
  const waits: number[] = [];
  const busy = { status: 429, headers: { "retry-after": "0" } };
  const service = await serviceWith([
    undefined,
    busy,
    { status: 503, headers: { "retry-after": "1" } },
    { status: 200, body: receipt },
  ]);
  const client = new TripgridClient({ ...service, key: "tg_k", firstWaitMs: 1, onRetry: (ms) => waits.push(ms) });
  expect(await client.sendTrips(trips)).toEqual(receipt);
  expect(service.requests).toHaveLength(4);
  expect(new Set(service.requests.map(({ head }) => head.headers["idempotency-key"])).size).toBe(1);
  expect(new Set(service.requests.map(({ body }) => body))).toEqual(new Set([JSON.stringify(trips)]));
  expect(service.requests[0]?.head.headers.authorization).toBe("Bearer tg_k");
  expect(waits.slice(1)).toEqual([0, 1000]);
});

it("an error that another try does not mend is thrown at once, with its problem", async () => {
  const problem = {
    type: "t",
    title: "T",
    status: 422,
    code: "no_valid_rows",
    detail: "Every row was rejected.",
    request_id: "r",
  };
  const service = await serviceWith([{ status: 422, body: problem }]);
  const sent = new TripgridClient(service).sendTrips("x");
  await expect(sent).rejects.toThrow(TripgridError);
  await expect(sent).rejects.toMatchObject({ message: "Every row was rejected.", problem });
  expect(service.requests).toHaveLength(1);
});

it("tries come to an end: after some, and where the service asks for too long a wait", async () => {
  const busy = { status: 503, headers: { "retry-after": "0" } };
  const service = await serviceWith([busy, busy, busy, busy]);
  await expect(new TripgridClient({ ...service, retries: 2 }).json("/v1/regions")).rejects.toMatchObject({
    problem: { status: 503, code: "unknown" },
  });
  expect(service.requests).toHaveLength(3);
  close();
  const slow = await serviceWith([{ status: 503, headers: { "retry-after": "60" } }]);
  await expect(new TripgridClient({ ...slow, maxWaitMs: 1000 }).json("/v1/regions")).rejects.toThrow(TripgridError);
  expect(slow.requests).toHaveLength(1);
});

it("what is not there is undefined, and an aborted call is not tried again", async () => {
  const service = await serviceWith([{ status: 404, body: { code: "not_found", status: 404 } }, undefined]);
  const client = new TripgridClient({ ...service, firstWaitMs: 60_000 });
  expect(await client.batch("nobody")).toBeUndefined();
  const abort = new AbortController();
  const asked = client.weeklyAverages({ region: "Turin" }, abort.signal);
  abort.abort(new Error("enough"));
  await expect(asked).rejects.toThrow();
});

it("Retry-After is read as seconds and as a date", () => {
  const now = Date.parse("2025-03-01T00:00:00Z");
  expect(retryAfterMs("3", now)).toBe(3000);
  expect(retryAfterMs("Sat, 01 Mar 2025 00:00:07 GMT", now)).toBe(7000);
  expect(retryAfterMs("Fri, 28 Feb 2025 00:00:00 GMT", now)).toBe(0);
  expect([retryAfterMs(null), retryAfterMs("soon")]).toEqual([undefined, undefined]);
});
