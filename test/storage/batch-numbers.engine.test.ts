import { expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const post = async (headers: Record<string, string> = {}) => (await send<Receipt>(service, trip(), { headers })).status;
const postDetection = async () => {
  const body = JSON.stringify({ Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV" });
  const headers = { "content-type": "application/json" };
  return (await fetch(`${service.url}/v1/detections`, { method: "POST", headers, body })).status;
};

/** As a server that is killed does: it forgets steps whose transactions did not commit, while we still use their numbers. */
async function forgetSteps(): Promise<void> {
  await service.sql`
    select setval('tripgrid.batch_numbers', (select max(number) / 64 * 64 + 1 from tripgrid.batches), false)`;
}

it("a batch gets a number of its own, even if the sequence gives one out twice", async () => {
  expect(await post()).toBe(200);
  for (const next of [() => post({ prefer: "respond-async" }), postDetection]) {
    await forgetSteps();
    expect([200, 202]).toContain(await next());
  }
  await forgetSteps();
  // More than one block has, so that the process needs another one.
  for (let i = 0; i < 70; i++) expect(await post()).toBe(200);
  await expect
    .poll(() => service.sql`select count(*) from tripgrid.batches where state not in ('committed')`)
    .toEqual([{ count: 0 }]);
  const [found] = await service.sql`select count(*) as n, count(distinct number) as numbers from tripgrid.batches`;
  expect(found).toEqual({ n: 73, numbers: 73 });
});
