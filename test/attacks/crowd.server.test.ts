/** Far more clients at once than are let in: the others hear so at once, and what was acknowledged is stored. */
import { expect, it } from "vitest";
import { countOf } from "../harness/api.ts";
import { expectProblem, oneTrip, post, untilNormal, useTarget } from "./harness/index.ts";

const target = useTarget({ TRIPGRID_MAX_CONCURRENT_INGEST: "50" });
const clients = 600;

it(`${clients} clients who post at once are stored or refused`, async () => {
  let stored = 0;
  let refused = 0;
  const client = async () => {
    for (let i = 0; i < 3; i++) {
      const reply = await post(target.url, oneTrip({ source: "crowd" }));
      if (reply.status === 200) stored++;
      else {
        expect(expectProblem(reply, 429).code).toBe("too_many_requests");
        expect(reply.headers["ratelimit-policy"]).toContain('"ingest"');
        refused++;
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  expect(refused).toBeGreaterThan(0);
  // How soon is for `npm run bench -- attacks`: here the clients share a machine that may be busy with the service.
  await untilNormal(target.url, 10_000);
  expect(await countOf(target, "crowd")).toBe(stored);
});
