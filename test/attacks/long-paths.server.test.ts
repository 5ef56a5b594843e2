/** Paths and names that no system can open: a 400, and never a fault of ours. */
import { expect, it } from "vitest";
import { ask, expectProblem, useTarget } from "./harness/index.ts";

const target = useTarget();

it.each([
  ["of 5,000 characters", "x".repeat(5000)],
  ["of 300 characters in one part", `${"x".repeat(300)}.csv`],
  ["of a thousand folders", "x/".repeat(1000)],
  ["of 250 characters that are many bytes", `${"語".repeat(250)}.csv`],
])("an import's path %s is a 400", async (_, path) => {
  const reply = await ask(target.url, { method: "POST", path: "/v1/imports", body: JSON.stringify({ path }) });
  expectProblem(reply, 400);
  expect(reply.text.length).toBeLessThan(3000);
});

it("the name of an upload that is too long is a 400, and so is an address that is a 431", async () => {
  const upload = (name: string) => ask(target.url, { method: "POST", path: `/v1/imports?file=${name}`, body: "x" });
  expectProblem(await upload(`${"x".repeat(300)}.csv`), 400);
  expectProblem(await upload(`${"x".repeat(20_000)}.csv`), 431);
});
