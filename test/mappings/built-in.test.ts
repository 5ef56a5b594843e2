import { describe, expect, it } from "vitest";
import { BUILT_IN, withBuiltIn } from "../../src/mappings/built-in.ts";
import type { StoredMapping } from "../../src/mappings/mapping.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";

const mine = mappingFrom("mine", { columns: { s: "source", t: "started_at", p: "origin" } });
const stored: StoredMapping = {
  ...mine,
  builtIn: false,
  createdAt: "2018-05-21T00:54:04Z",
  updatedAt: "2018-05-21T00:54:04Z",
};
const calls = withBuiltIn({
  putMapping: async (mapping) => ({ mapping: { ...stored, ...mapping }, created: true }),
  findMapping: async (name) => (name === "mine" ? stored : undefined),
  listMappings: async () => [stored, { ...stored, name: "xrides" }],
  deleteMapping: async (name) => name === "mine",
});

describe("the built-in mappings", () => {
  it("are found and listed before those of senders, each name once", async () => {
    const listed = await calls.listMappings();
    expect(listed.slice(0, 3).map(({ name }) => name)).toEqual(["native", "trips-csv", "xrides"]);
    expect(listed.filter(({ builtIn }) => builtIn).map(({ name }) => name)).toEqual(BUILT_IN.map(({ name }) => name));
    expect(listed.filter(({ builtIn }) => !builtIn).map(({ name }) => name)).toEqual(["mine"]);
    expect(await calls.findMapping("xrides")).toMatchObject({ ...BUILT_IN[2], builtIn: true, createdAt: null });
    expect(await calls.findMapping("mine")).toBe(stored);
    expect(await calls.findMapping("nobody")).toBeUndefined();
  });

  it("can be neither replaced nor deleted, others can", async () => {
    for (const { name } of BUILT_IN) {
      const refused = expect.objectContaining({ code: "mapping_built_in" });
      await expect(calls.putMapping({ ...mine, name })).rejects.toEqual(refused);
      await expect(calls.deleteMapping(name)).rejects.toEqual(refused);
    }
    expect(await calls.putMapping(mine)).toMatchObject({ created: true, mapping: { name: "mine" } });
    expect([await calls.deleteMapping("mine"), await calls.deleteMapping("nobody")]).toEqual([true, false]);
  });
});
