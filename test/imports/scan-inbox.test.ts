import { appendFile, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InboxScan } from "../../src/imports/scan-inbox.ts";

const MINUTE = 60_000;
const NOW = Date.parse("2026-05-01T12:00:00Z");

let inbox: string;
let ignored: string[];
let scan: InboxScan;
beforeEach(async () => {
  inbox = await mkdtemp(join(tmpdir(), "tg-inbox-"));
  ignored = [];
  scan = new InboxScan(inbox, (path) => ignored.push(relative(inbox, path)));
});
afterEach(() => rm(inbox, { recursive: true }));

/** Writes a file that was last written to so long before the first look. */
async function put(path: string, age = MINUTE, content = "x"): Promise<void> {
  await mkdir(join(inbox, path, ".."), { recursive: true });
  await writeFile(join(inbox, path), content);
  await touch(path, age);
}

const touch = (path: string, age: number) => utimes(join(inbox, path), new Date(NOW - age), new Date(NOW - age));
/** Looks so many seconds after the first time, and gives what is whole. */
const look = async (seconds: number) =>
  (await scan.next(NOW + seconds * 1000)).map(({ file, mapping }) => [relative(inbox, file.path), mapping]);

describe("a file is whole", () => {
  it("once two looks find it the same, and it has been quiet for five seconds", async () => {
    await put("old.csv");
    await put("young.csv", 2000);
    expect(await look(0)).toEqual([]);
    expect(await look(1)).toEqual([["old.csv", undefined]]);
    expect(await look(3)).toEqual([
      ["old.csv", undefined],
      ["young.csv", undefined],
    ]);
  });

  it("not while it grows, even if its time stays the same", async () => {
    await put("growing.csv");
    for (let i = 0; i < 3; i++) {
      expect(await look(i * 5)).toEqual([]);
      await appendFile(join(inbox, "growing.csv"), "x");
      await touch("growing.csv", MINUTE);
    }
    expect(await look(15)).toEqual([]);
    expect(await look(20)).toEqual([["growing.csv", undefined]]);
  });

  it("not while its time changes, even if its size stays the same", async () => {
    await put("rewritten.csv");
    expect(await look(0)).toEqual([]);
    await touch("rewritten.csv", MINUTE - 1000);
    expect(await look(5)).toEqual([]);
    expect(await look(10)).toEqual([["rewritten.csv", undefined]]);
  });

  it("also if its clock goes before ours", async () => {
    await put("future.csv", -10 * MINUTE);
    await look(0);
    expect(await look(5)).toEqual([["future.csv", undefined]]);
  });

  it("not if it was replaced in between", async () => {
    await put("again.csv");
    await look(0);
    await rm(join(inbox, "again.csv"));
    expect(await look(5)).toEqual([]);
    await put("again.csv");
    expect(await look(10)).toEqual([]);
    expect(await look(15)).toEqual([["again.csv", undefined]]);
  });

  it("and belongs to the mapping of its folder", async () => {
    await put("city_bikes/a.csv.gz");
    await put("b.ndjson");
    await look(0);
    expect(await look(5)).toEqual([
      ["b.ndjson", undefined],
      ["city_bikes/a.csv.gz", "city_bikes"],
    ]);
  });
});

describe("what is not imported", () => {
  it("without a line in the log: hidden files, and files with a temporary name until they are renamed", async () => {
    for (const name of [".hidden.csv", "a.csv.part", "b.tmp", "c.CRDOWNLOAD", "d.csv~", ".upload-1"]) await put(name);
    await put(".git/e.csv");
    await look(0);
    expect(await look(5)).toEqual([]);
    expect(ignored).toEqual([]);
    await rename(join(inbox, "a.csv.part"), join(inbox, "a.csv"));
    await look(10);
    expect(await look(15)).toEqual([["a.csv", undefined]]);
  });

  it("once spoken of: other kinds of files, folders in folders, links", async () => {
    await put("notes.txt");
    await put("a/b/deep.csv");
    await put("fine.csv");
    await symlink(join(inbox, "fine.csv"), join(inbox, "link.csv"));
    for (const seconds of [0, 5, 10]) await look(seconds);
    expect(await look(15)).toEqual([["fine.csv", undefined]]);
    expect(ignored).toEqual([join("a", "b"), "link.csv", "notes.txt"]);
  });
});

it("fails if the inbox is gone, and continues once it is back", async () => {
  await put("a.csv");
  await rename(inbox, `${inbox}-away`);
  await expect(look(0)).rejects.toThrow("ENOENT");
  await rename(`${inbox}-away`, inbox);
  await look(5);
  expect(await look(10)).toEqual([["a.csv", undefined]]);
});
