import { expect, it } from "vitest";
import type { Table } from "../../src/export/table.ts";
import { createTurns } from "../../src/export/turns.ts";
import { onePage, type Pages } from "../../src/kit/pages.ts";

const table = (pages: Pages<never[]>, holdsSession = true): Table => ({
  ...{ name: "trips", columns: [], geometry: undefined, headers: {}, pages, holdsSession },
});
const long = () => table(onePage([]));
const refused = { code: "too_many_requests", retryAfterSeconds: 5 };

it("exports hold a limited number of sessions at one time, and return each when its pages end", async () => {
  const inTurn = createTurns(2);
  const [first, second] = [await inTurn(async () => long()), await inTurn(async () => long())];
  await expect(inTurn(async () => long())).rejects.toMatchObject(refused);
  await first.pages.end();
  await first.pages.end();
  const third = await inTurn(async () => long());
  await expect(inTurn(async () => long())).rejects.toMatchObject(refused);
  expect([await second.pages.next(), await second.pages.next()]).toEqual([[], undefined]);
  await second.pages.end();
  const fourth = await inTurn(async () => long());
  await expect(inTurn(async () => long())).rejects.toMatchObject(refused);
  await Promise.all([third.pages.end(), fourth.pages.end()]);
});

it("a turn ends also where the table cannot be opened or read, and where it holds no session", async () => {
  const inTurn = createTurns(1);
  const fails = async () => {
    throw new Error("broken");
  };
  await expect(inTurn(fails)).rejects.toThrow("broken");
  const broken = await inTurn(async () => table({ next: fails, end: async () => {} }));
  await expect(broken.pages.next()).rejects.toThrow("broken");
  await inTurn(async () => table(onePage([]), false));
  await inTurn(async () => long());
});
