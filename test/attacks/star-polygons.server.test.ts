/** The dearest areas that are legal: an answer, or a 422 or 503 that says what to do, and never a fault of ours. */
import { beforeAll, describe, it } from "vitest";
import { ask, expectProblem, fill, star, useTarget } from "./harness/index.ts";

const target = useTarget();
beforeAll(() => fill(target.url, 20_000));

const vertices = 49_998;
const tenAreas = () => Array.from({ length: 10 }, (_, i) => ({ within: { area: star(8000, 0.2 + i / 100) } }));
const questions: [name: string, path: string, body: () => object][] = [
  ["weekly averages", "/v1/weekly-averages", () => ({ area: star(vertices) })],
  ["an estimate", "/v1/weekly-averages", () => ({ area: star(vertices), method: "estimate" })],
  ["clusters", "/v1/clusters", () => ({ area: star(10_000) })],
  ["a query over ten areas", "/v1/query", () => ({ where: { or: tenAreas() } })],
];

describe("a star of very many vertices", () => {
  it.each(questions)("is answered or refused, as %s", async (_, path, body) => {
    const reply = await ask(target.url, {
      ...{ method: "POST", path, body: JSON.stringify(body()), timeoutMs: 150_000 },
    });
    if (reply.status !== 200) expectProblem(reply, 400, 413, 422, 503);
  });
});
