import { expect, it } from "vitest";
import { breathe } from "../../src/kit/breathe.ts";

const turn = () => new Promise<void>((go) => setImmediate(go));

it("of several that wait, one continues in each turn of the event loop", async () => {
  await turn();
  await breathe();
  for (const began = performance.now(); performance.now() - began < 12; );
  let went = 0;
  const all = Array.from({ length: 5 }, async () => {
    await breathe();
    went++;
  });
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) {
    await turn();
    seen.push(went);
  }
  await Promise.all(all);
  expect(seen.every((count, i) => count <= i + 1)).toBe(true);
  expect(went).toBe(5);
});
