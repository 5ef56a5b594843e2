import { appendFile, mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { useService } from "../harness/index.ts";
import { csvOf, csvRows, ended, imported, inboxOf, listed, numbers, put, until } from "./import-files.ts";

const service = useService({}, { inboxMs: 100 });

/** As if it had been there for a minute: what is left is that two looks find it unchanged. */
async function putOld(path: string, content: string): Promise<void> {
  const absolute = await put(service, path, content);
  await utimes(absolute, new Date(), new Date(Date.now() - 60_000));
}

const taken = async (path: string) =>
  ended(service, (await until(async () => (await listed(service, path))[0])).import_id);

// Side by side: each of them mostly waits for the next look.
describe.concurrent("a file that appears in the inbox", () => {
  it("is imported by itself, once, also from the folder of a mapping", async () => {
    await mkdir(join(inboxOf(service), "native"));
    await putOld("watched.csv", csvOf("watched", 3));
    await putOld("native/watched-too.csv", csvOf("watched too", 3));
    expect(numbers(await taken("watched.csv"))).toEqual([3, 3, 0, 0]);
    const inFolder = await taken("native/watched-too.csv");
    expect([inFolder.mapping, ...numbers(inFolder)]).toEqual(["native", 3, 3, 0, 0]);
    // Later looks find nothing new in it: they take a file that came after it.
    for (const later of ["watched-later.csv", "watched-last.csv"]) {
      await putOld(later, csvOf(later, 1));
      await taken(later);
    }
    expect(await listed(service, "watched.csv")).toHaveLength(1);
    expect(await listed(service, "native/watched-too.csv")).toHaveLength(1);
  });

  it("is a failed import if its folder is no mapping's", async () => {
    await mkdir(join(inboxOf(service), "nobody"));
    await putOld("nobody/a.csv", csvOf("nobody", 1));
    const failed = await taken("nobody/a.csv");
    expect([failed.state, failed.error?.code]).toEqual(["failed", "invalid_parameter"]);
    expect(failed.error?.detail).toMatch(/^mapping: .*"nobody"/);
  });

  it("is left alone while it is being written, and then imported whole", async () => {
    const path = await put(service, "growing.csv", csvOf("growing", 10));
    const old = await put(service, "hidden-until-whole.csv.part", csvOf("part", 1));
    // Several looks find it as it was before, but too young.
    for (let i = 1; i <= 12; i++) {
      await sleep(300);
      expect(await listed(service, "growing.csv")).toEqual([]);
      await appendFile(path, csvRows("growing", 10, 1 + i * 10));
    }
    expect(numbers(await taken("growing.csv"))).toEqual([130, 130, 0, 0]);
    expect(await listed(service, "growing.csv")).toHaveLength(1);
    expect(old.endsWith(".part") && (await listed(service, "hidden-until-whole.csv.part"))).toEqual([]);
  });

  it("is imported again when its content changes", async () => {
    expect(numbers(await imported(service, "daily.csv", csvOf("daily", 2)))).toEqual([2, 2, 0, 0]);
    await putOld("daily.csv", csvOf("daily", 5));
    await until(async () => (await listed(service, "daily.csv")).length === 2);
    expect(numbers(await taken("daily.csv"))).toEqual([5, 3, 2, 0]);
  });

  it("is recognised if only its time changes", async () => {
    const content = csvOf("touched", 2);
    const first = await imported(service, "touched.csv", content);
    await writeFile(join(inboxOf(service), "touched.csv"), content);
    await utimes(join(inboxOf(service), "touched.csv"), new Date(), new Date(Date.now() - 60_000));
    const [again] = await until(async () => {
      const all = await listed(service, "touched.csv");
      return all.length === 2 && all;
    });
    expect([again?.already_imported, again?.batch_id]).toEqual([true, first.batch_id]);
  });
});
