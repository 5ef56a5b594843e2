/** A page of another origin, or one whose name was made to lead here: refused at every address, before anything is read. */
import { beforeAll, describe, expect, it } from "vitest";
import { ask, expectProblem, oneTrip, type Target, useTarget } from "./harness/index.ts";
import { readOperations } from "./harness/operations.ts";

const target: Target = useTarget();
let operations: Awaited<ReturnType<typeof readOperations>> = [];
beforeAll(async () => {
  operations = await readOperations(target.url);
});

describe.each([
  ["a page of another origin", { origin: "https://evil.example" }, "forbidden_origin"],
  ["a page without an origin of its own", { origin: "null" }, "forbidden_origin"],
  ["a page under a name that leads here", { host: "evil.example" }, "forbidden_host"],
] as const)("%s", (_, headers, code) => {
  it("is refused at every address", async () => {
    for (const { method, path } of operations) {
      if (code === "forbidden_host" && ["/livez", "/readyz"].includes(path)) continue;
      const real = path.replaceAll(/\{\w+\}/g, "x");
      const reply = await ask(target.url, {
        ...{ method, path: real, body: oneTrip() },
        headers: { "content-type": "text/plain", ...headers },
      });
      expect(expectProblem(reply, 403).code).toBe(code);
    }
    const [stored] = await target.sql`select count(*) as trips from tripgrid.trips`;
    expect(stored).toEqual({ trips: 0 });
  });
});
