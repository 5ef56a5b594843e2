/** Nesting, lengths and repetition that no question has, at every address that takes JSON. */
import { describe, expect, it } from "vitest";
import { ask, expectProblem, useTarget } from "./harness/index.ts";

const target = useTarget();

const ADDRESSES: [method: string, path: string][] = [
  ["POST", "/v1/trips"],
  ["POST", "/v1/query"],
  ["POST", "/v1/clusters"],
  ["POST", "/v1/weekly-averages"],
  ["POST", "/v1/imports"],
  ["PUT", "/v1/regions/attacked"],
  ["PUT", "/v1/queries/attacked"],
  ["PUT", "/v1/mappings/attacked"],
  ["PUT", "/v1/trips/attack/1"],
];
const BODIES: [name: string, body: string][] = [
  ["arrays a million deep", "[".repeat(1_000_000)],
  ["objects half a million deep", '{"a":'.repeat(500_000)],
  ["a closed nest of 100,000 levels", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["a string of 3 MB", JSON.stringify({ area: "x".repeat(3_000_000) })],
  ["a name of 1 MB", `{"${"n".repeat(1_000_000)}":1}`],
  ["the same name 100,000 times", `{${Array.from({ length: 100_000 }, () => '"area":1').join(",")}}`],
  ["a number of a million digits", `{"limit":${"9".repeat(1_000_000)}}`],
];

describe.each(BODIES)("%s", (_, body) => {
  it.each(ADDRESSES)("is refused by %s %s", async (method, path) => {
    const reply = await ask(target.url, { method, path, body, headers: { "content-type": "application/json" } });
    expectProblem(reply, 400, 404, 413, 415, 422, 429);
    expect(reply.text.length).toBeLessThan(20_000);
  });
});

it("text that is not UTF-8 is a 400", async () => {
  const body = Buffer.from('{"by":["region"],"where":{"source":"\xff\xfe"}}', "latin1");
  expectProblem(await ask(target.url, { method: "POST", path: "/v1/query", body }), 400);
});
