/** Rows with more cells, keys or attributes than any real one: refused or rejected at once, and never held whole. */
import { describe, expect, it } from "vitest";
import { ask, expectProblem, givesNothingAway, oneTrip, post, useTarget } from "./harness/index.ts";

const target = useTarget();

/** How long `/livez` takes while something else is under way. */
async function slowestPing(during: Promise<unknown>): Promise<number> {
  let slowest = 0;
  let isOver = false;
  const over = during.finally(() => {
    isOver = true;
  });
  while (!isOver) slowest = Math.max(slowest, (await ask(target.url, { path: "/livez" })).ms);
  await over;
  return slowest;
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `"k${i}":1`).join(",");

describe("a row that is wider than it may be", () => {
  it.each([
    [
      "a CSV row of six million cells",
      "text/csv",
      `source,started_at,origin_lon,origin_lat\n${",".repeat(6_000_000)}\n`,
    ],
    ["a CSV header of a million cells", "text/csv", `${"a,".repeat(1_000_000)}b\n`],
    ["a JSON row of 500,000 keys", "application/json", `{${keys(500_000)}}`],
    ["an NDJSON row of 300,000 keys", "application/x-ndjson", `{${keys(300_000)}}\n`],
    ["a trip with 300,000 attributes", "application/json", oneTrip().replace("}", `,"attributes":{${keys(300_000)}}}`)],
  ])("is refused or rejected: %s", async (_, type, body) => {
    const sending = post(target.url, body, { "content-type": type });
    const slowest = await slowestPing(sending);
    const reply = await sending;
    expectProblem(reply, 400, 413, 422);
    expect(reply.text.length).toBeLessThan(100_000);
    // Far more than a free event loop needs, also on a busy machine. Before, it stood for 7 to 11 s on one that was not.
    expect(slowest).toBeLessThan(6000);
  });

  it("does not keep good rows beside it from being stored", async () => {
    const body = [oneTrip(), `{${keys(20_000)}}`, oneTrip()].join("\n");
    const reply = await post(target.url, body, { "content-type": "application/x-ndjson" });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ received: 3, inserted: 2, rejected: 1 });
    expect(givesNothingAway(reply)).toBe(true);
  });
});
