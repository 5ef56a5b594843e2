/** Small packed bodies that ended the process, and every process on that database after it: each comes to an end now. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { engine } from "../harness/index.ts";
import { expectProblem, finalReceipt, oneTrip, post, useTarget } from "./harness/index.ts";

const target = useTarget();

const repeated = (part: string, megabytes: number) => {
  const count = Math.floor((megabytes * 1024 * 1024) / (part.length + 1));
  return gzipSync(`[${`${part},`.repeat(count)}${part}]`);
};
const wideCsv = () => {
  const header = `source,started_at,origin_lon,origin_lat\n`;
  return gzipSync(header + `attack,2024-05-21T08:00:00,7.6,45${",".repeat(195_000)}\n`.repeat(20));
};

// Millions of rows: held whole they take more than a heap of 512 MB.
const size = engine === "embedded" ? 1 : 4;
const bodies: [name: string, type: string, body: () => Buffer][] = [
  ["20 CSV rows of 195,000 empty cells", "text/csv", wideCsv],
  ["an array of numbers", "application/json", () => repeated("0", size)],
  ["an array of empty objects", "application/json", () => repeated("{}", size)],
  ["an array of empty arrays", "application/json", () => repeated("[]", size)],
];

describe("a packed body that is much more than it seems", () => {
  it.each(bodies)(
    "is refused, or its batch ends, and others are stored meanwhile: %s",
    {
      timeout: 400_000,
    },
    async (_, type, body) => {
      const packed = body();
      expect(packed.length).toBeLessThan(200_000);
      const headers = { "content-type": type, "content-encoding": "gzip", prefer: "respond-async" };
      const reply = await post(target.url, packed, headers);
      if (reply.status !== 202) expectProblem(reply, 400, 413, 422);
      const beside = await post(target.url, oneTrip());
      expect([beside.status, beside.text.slice(0, 300)]).toMatchObject([200, expect.any(String)]);
      const receipt = await finalReceipt(target.url, reply, 300_000);
      if (receipt?.state === "committed") expect(receipt.inserted).toBe(0);
    },
  );
});
