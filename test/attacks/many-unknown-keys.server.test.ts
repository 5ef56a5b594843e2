/** Questions with a million members that there are not: refused with a few of them, and not with all. */
import { expect, it } from "vitest";
import { ask, expectProblem, useTarget } from "./harness/index.ts";

const target = useTarget();

const ADDRESSES: [method: string, path: string][] = [
  ["POST", "/v1/clusters"],
  ["POST", "/v1/weekly-averages"],
  ["POST", "/v1/query"],
  ["PUT", "/v1/mappings/attacked"],
  ["PUT", "/v1/queries/attacked"],
];
const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"key${i}":1`).join(",")}}`;

it.each(ADDRESSES)("six bodies of 16 MB at once are refused by %s %s", async (method, path) => {
  const body = keys(1_250_000);
  const replies = await Promise.all(Array.from({ length: 6 }, () => ask(target.url, { method, path, body })));
  for (const reply of replies) {
    // A client that still sends when it is refused may be cut off before it has read why.
    if (reply.status === 0) expect(reply.type).not.toBe("timeout");
    else expectProblem(reply, 413, 429);
  }
});

it.each(ADDRESSES)("a body within the limit is refused with a few faults by %s %s", async (method, path) => {
  const reply = await ask(target.url, { method, path, body: keys(200_000) });
  const { errors } = expectProblem(reply, 400, 413, 422) as { errors?: unknown[] };
  expect(errors?.length ?? 0).toBeLessThanOrEqual(10);
  expect(reply.text.length).toBeLessThan(5000);
});

it("a name in an error is shortened", async () => {
  const body = JSON.stringify({ by: ["x".repeat(100_000)] });
  const reply = await ask(target.url, { method: "POST", path: "/v1/query", body });
  expectProblem(reply, 400);
  expect(reply.text.length).toBeLessThan(5000);
});
