import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CELL_FORMS, pointFromCell } from "../../src/geo/cell-point.ts";
import { PATH_FORMS } from "../../src/geo/path.ts";
import { POINT_FORMS, pointIn } from "../../src/geo/point.ts";
import { COLUMN_TYPES, CONSTANT_TARGETS, FIELD_TARGETS, UNITS } from "../../src/mappings/mapping.ts";
import { MappingDefinition, mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { naturalType } from "../../src/mappings/mapping-faults.ts";
import { csvRows } from "../../src/parsing/csv-rows.ts";
import { compileMapping } from "../../src/parsing/map-row.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";
import { timeFrom } from "../../src/time/time.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/mappings.md"), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))].map((m) => m[1] ?? "");
const [bikes = "", scooters = "", scooter = ""] = blocks("json");
const RANGE = { min: "2000-01-01", max: "2027-01-01" };

/** The rows of the table with this head, each cell without blanks. */
function table(head: string): string[][] {
  const [, rest = ""] = page.split(`| ${head} |\n`);
  const rows = rest.split("\n\n")[0]?.split("\n").slice(1) ?? [];
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const quoted = (text = "") => [...text.matchAll(/`([^`]*)`/g)].map((m) => m[1] ?? "");
const firstColumn = (head: string) => table(head).flatMap(([cell]) => quoted(cell));

describe("the page about mappings", () => {
  it("has a mapping of ten lines that takes in shared bikes", () => {
    expect(bikes.trim().split("\n")).toHaveLength(10);
    const map = compileMapping(mappingFrom("bike-share", JSON.parse(bikes)), true, RANGE);
    const rows = csvRows(blocks("csv")[0] ?? "", 100, ROW_LIMITS).rows.map((row) =>
      map("record" in row ? row.record : {}),
    );
    expect(rows).toMatchObject([
      {
        trip: {
          ...{ tripId: "94851570", source: "bike_share", region: "Los Angeles", durationS: 240 },
          ...{ startedAt: { text: "2018-07-01T00:04:00" }, origin: [-118.23317, 34.035801] },
          ...{
            destination: [-118.237411, 34.04652],
            attributes: { bike_id: "06279", passholder_type: "Monthly Pass" },
          },
        },
      },
      { trip: { startedAt: { text: "2018-07-01T00:10:00" }, endedAt: { text: "2018-07-01T00:43:00" } } },
      { trip: { tripId: "94851572", destination: undefined } },
      { trip: { tripId: "94851573", destination: undefined } },
      { problems: [{ field: "start_time", code: "missing" }] },
      { problems: [{ code: "missing", detail: expect.stringContaining("start_lat, start_lon") }] },
    ]);
    expect(rows.map((row) => ("problems" in row ? row.problems.length : 0))).toEqual([0, 0, 0, 0, 1, 1]);
  });

  it("has one for scooters in JSON", () => {
    const map = compileMapping(mappingFrom("scooters", JSON.parse(scooters)), false, RANGE);
    expect(map(JSON.parse(scooter))).toMatchObject({
      trip: {
        ...{ tripId: "17", riderId: "8", source: "scooters", vehicleModel: "scooter", attributes: { scooter_id: 3 } },
        ...{ origin: [7.68, 45.07], destination: [7.66, 45.05], distanceM: 2400 },
        startedAt: { kind: "instant", text: "2018-05-21T00:54:04+00:00" },
        endedAt: { kind: "instant", text: "2018-05-21T01:10:00 UTC" },
      },
    });
  });

  it("names every member, target, type, form, unit and constant, and no other", () => {
    expect(firstColumn("member | what it says | if left out")).toEqual(Object.keys(MappingDefinition.shape));
    expect(firstColumn("member | what it says")).toEqual(["to", "type", "form", "with", "lookup", "unit", "empty"]);
    const targets = table("target | becomes | usual type").map(([to, , type]) => [quoted(to)[0], quoted(type)[0]]);
    const all = [...FIELD_TARGETS, "path", "attributes", "attributes.NAME", "drop"];
    expect(targets.map(([to]) => to).toSorted()).toEqual(all.toSorted());
    for (const [to = "", type] of targets) expect([to, naturalType(to)]).toEqual([to, type]);
    expect(firstColumn("type | in a CSV | in JSON").toSorted()).toEqual([...COLUMN_TYPES].toSorted());
    expect(firstColumn("form | for example")).toEqual([...POINT_FORMS]);
    expect(firstColumn("form of a cell | for example")).toEqual([...CELL_FORMS]);
    expect(firstColumn("form of a path | for example")).toEqual([...PATH_FORMS]);
    const units = Object.values(UNITS).flatMap((one) => Object.keys(one));
    expect(quoted(table("member | what it says")[5]?.[1]).toSorted()).toEqual(units.toSorted());
    const [constants = ""] = page.split("### `constants`\n\n")[1]?.split(" can be given") ?? [];
    expect(quoted(constants)).toEqual([...CONSTANT_TARGETS, "attributes.NAME"]);
  });

  it.each(table("pattern | reads | as"))("reads %s: %s as %s", (pattern, reads, as) => {
    expect(timeFrom(quoted(reads)[0] ?? "", quoted(pattern))).toEqual({ ok: true, value: { kind: "naive", text: as } });
  });

  it("has examples of every form of a point that are such", () => {
    for (const [form, examples = ""] of table("form | for example")) {
      for (const example of quoted(examples)) {
        const value = /^[[{]/.test(example) ? JSON.parse(example) : example;
        const parsed = pointIn(value, quoted(form)[0] as (typeof POINT_FORMS)[number]);
        expect([example, parsed]).toEqual([example, { ok: true, value: [7.67, 44.99] }]);
      }
    }
  });

  it("has examples of cells that are such", () => {
    for (const [form, examples = ""] of table("form of a cell | for example")) {
      for (const example of quoted(examples)) {
        const kind = quoted(form)[0] as (typeof CELL_FORMS)[number];
        expect([example, pointFromCell(example, kind)]).toEqual([example, { ok: true, value: expect.any(Array) }]);
      }
    }
  });

  it("names every token of a pattern", () => {
    const tokens = firstColumn("token | stands for").filter((token) => token !== "[…]");
    expect(tokens).toHaveLength(18);
    for (const token of tokens) expect(() => timeFrom("", ["Q"])).toThrow(new RegExp(`[ ,]${token}(,|$)`));
  });
});
