import { expect, it } from "vitest";
import { deathsOf } from "../../src/ingest/claim-batch.db.ts";
import { createLanes } from "../../src/ingest/work-lanes.ts";

const turn = () => new Promise((done) => setImmediate(done));

it("a suspected batch is processed alone: batches under way pause between two chunks and continue after it", async () => {
  const lanes = createLanes();
  const log: string[] = [];
  const work = async (name: string, chunks: number) => {
    const leave = await lanes.enter(false);
    for (let i = 0; i < chunks; i++) {
      await lanes.pass();
      log.push(`${name}${i}`);
      await turn();
    }
    leave();
    leave();
  };
  const suspect = async (name: string) => {
    const leave = await lanes.enter(true);
    log.push(`${name} begins`);
    for (let i = 0; i < 5; i++) await turn();
    log.push(`${name} ends`);
    leave();
  };
  const first = [work("a", 4), work("b", 4)];
  await turn();
  const all = [...first, suspect("x"), work("c", 2), suspect("y")];
  await Promise.all(all);
  const at = (line: string) => log.indexOf(line);
  expect(at("x ends") - at("x begins")).toBe(1);
  expect(at("y ends") - at("y begins")).toBe(1);
  expect(at("x begins")).toBeGreaterThan(at("a0"));
  expect(at("x begins")).toBeLessThan(at("a3"));
  expect(at("c0")).toBeGreaterThan(at("x ends"));
  expect(log.filter((line) => /^[abc]\d$/.test(line)).sort()).toEqual([
    ...["a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3", "c0", "c1"],
  ]);
});

const never = () => false;

it.each<[string, Parameters<typeof deathsOf>, number]>([
  ["nobody has worked on it", [{ claim: null, deaths: 0 }, 0, "me", never], 0],
  ["a process ended over it", [{ claim: { by: "other", chunks: 0, alone: false }, deaths: 0 }, 0, "me", never], 1],
  [
    "one ended that had stored something",
    [{ claim: { by: "other", chunks: 0, alone: false }, deaths: 0 }, 1, "me", never],
    0,
  ],
  [
    "one ended that worked on nothing else",
    [{ claim: { by: "other", chunks: 0, alone: true }, deaths: 1 }, 0, "me", never],
    2,
  ],
  [
    "one ended beside others a second time",
    [{ claim: { by: "other", chunks: 0, alone: false }, deaths: 1 }, 0, "me", never],
    1,
  ],
  [
    "alone, and had stored something",
    [{ claim: { by: "other", chunks: 2, alone: true }, deaths: 1 }, 3, "me", never],
    0,
  ],
  [
    "one ended by its own fault",
    [{ claim: { by: "other", chunks: 0, alone: true }, deaths: 5 }, 0, "me", (id) => id === "other"],
    10,
  ],
  [
    "this process itself has left its mark",
    [{ claim: { by: "me", chunks: 0, alone: true }, deaths: 1 }, 0, "me", never],
    1,
  ],
])("deaths are counted: %s", (_, given, expected) => {
  expect(deathsOf(...given)).toBe(expected);
});
