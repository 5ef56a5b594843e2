import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mappingSuggest } from "../../src/cli/mapping-suggest.ts";
import { StartError } from "../../src/errors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tripgrid-suggest-"));
});
afterAll(() => rm(folder, { recursive: true }));

const csv = 'trip_id,start_time,start_lat,start_lon\n"1",7/31/2018 0:04,34.03,-118.23\n';
const ndjson = '{"id":1,"startTime":1526864044,"origin":[7.67,44.99]}\n';

async function suggest(name: string, content: string | Buffer, ...more: string[]) {
  const file = join(folder, name);
  await writeFile(file, content);
  let [out, notes] = ["", ""];
  await mappingSuggest(
    [file, ...more],
    (text) => {
      out += text;
    },
    (text) => {
      notes += text;
    },
  );
  return { out, notes, mapping: JSON.parse(out) };
}

describe("tripgrid mapping suggest", () => {
  it.each<[string, string | Buffer]>([
    ["Metro trips.2018-Q3.csv", csv],
    ["Metro trips.2018-Q3.csv.gz", gzipSync(csv)],
  ])("reads %s and names the source after it", async (name, content) => {
    const { mapping, notes } = await suggest(name, content);
    expect(mapping).toMatchObject({
      columns: { start_time: "started_at", start_lat: "origin_lat" },
      constants: { source: "metro-trips-2018-q3" },
      time_formats: ["M/D/YYYY H:MM[:SS]"],
    });
    expect(notes).toMatch(/^source: .*metro-trips-2018-q3/m);
  });

  it("reads NDJSON, and takes the name of the source", async () => {
    const { mapping } = await suggest("x.ndjson", ndjson, "--source", "bikes");
    expect(mapping).toMatchObject({
      columns: { id: "trip_id", startTime: "started_at", origin: "origin" },
      constants: { source: "bikes" },
    });
  });

  it("writes a line for each column", async () => {
    expect((await suggest("x.csv", csv)).out.split("\n").slice(0, 4)).toEqual([
      "{",
      '  "columns": {',
      '    "trip_id": "trip_id",',
      '    "start_time": "started_at",',
    ]);
  });

  it("reads on until a row tells day from month, and tries the mapping on all rows", async () => {
    const days = Array.from({ length: 1500 }, (_, i) => `${i},${i < 1400 ? "10" : "13"}/01/2016 00:00,51.5,-0.1\n`);
    const { mapping, notes } = await suggest("late.csv", `id,start_time,start_lat,start_lon\n${days.join("")}`);
    expect(mapping.time_formats).toEqual(["D/M/YYYY H:MM[:SS]"]);
    expect(notes).toMatch(/row 1401, "13\/01\/2016 00:00", decides for D\/M\/YYYY/);
    expect(notes).toMatch(/dry run: 1,500 rows: 1,500 trips, 0 rejected/);
  });

  it("says what nothing decides, and how many rows are equal", async () => {
    const { notes } = await suggest(
      "never.csv",
      `start_time,start_lat,start_lon\n${"1/2/2016 00:00,51.5,-0.1\n".repeat(3)}`,
    );
    expect(notes).toMatch(/nothing tells whether "1\/2\/2016 00:00" is M\/D\/YYYY/);
    expect(notes).toMatch(/2 rows equal an earlier one/);
  });

  it.each<[string, string[], RegExp]>([
    ["no file", [], /expected one file; usage: tripgrid mapping suggest FILE/],
    ["two files", ["a", "b"], /expected one file/],
    ["an unknown option", ["a", "--name", "x"], /usage/],
    ["a file that is not there", ["nowhere.csv"], /nowhere\.csv cannot be read/],
  ])("refuses %s in one sentence", async (_, args, message) => {
    const refused = mappingSuggest(args, () => {});
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(message);
  });

  it("refuses a file without rows, and one that is no gzip", async () => {
    await expect(suggest("empty.csv", "a,b\n")).rejects.toThrow(/holds no rows/);
    await expect(suggest("no.csv.gz", gzipSync(csv).subarray(0, -20))).rejects.toThrow(/cannot be read/);
    await expect(suggest("page.csv", "<!DOCTYPE html><html>")).rejects.toThrow(/The file is a web page/);
  });
});
