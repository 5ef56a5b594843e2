import { appendFile, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SentFile, WorkRequest } from "../../src/batches/work.ts";
import { canJudge, fileAt, readUnchanged } from "../../src/ingest/sent-file.ts";

const CONTENT = Buffer.alloc(1_000_000, "0123456789");

let folder: string;
let file: SentFile;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tg-file-"));
  const path = join(folder, "trips.csv");
  await writeFile(path, CONTENT);
  file = await fileAt(path);
});
afterEach(() => rm(folder, { recursive: true }));

describe("a file is read", () => {
  it.each([0, 1, 777_777, CONTENT.length])("from byte %d on", async (from) => {
    const chunks: Buffer[] = [];
    for await (const chunk of readUnchanged(file, from)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(CONTENT.subarray(from))).toBe(true);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ["grows", (path) => appendFile(path, "x")],
    ["is written anew", (path) => utimes(path, new Date(), new Date(0))],
    ["is removed", (path) => rm(path)],
  ])("until it %s", async (_, change) => {
    const read = readUnchanged(file);
    expect((await read.next()).done).toBe(false);
    await change(file.path);
    await expect(
      (async () => {
        for await (const _chunk of read);
      })(),
    ).rejects.toMatchObject({ code: "file_changed", message: expect.stringContaining("trips.csv") });
    await expect(readUnchanged(file).next()).rejects.toMatchObject({ code: "file_changed" });
  });
});

describe("a process can judge a file", () => {
  const request = (more: Partial<SentFile>) => ({ file: { ...file, ...more } }) as WorkRequest;

  it("that is here as it was taken", () => {
    expect(canJudge(request({ inbox: "theirs" }), "ours")).toBe(true);
    expect(canJudge(request({}), "ours")).toBe(true);
  });

  it("that is gone or has changed, only if the process watches the same inbox", () => {
    for (const other of [
      { path: join(folder, "gone.csv") },
      { bytes: 1 },
      { modifiedAt: "2020-01-01T00:00:00.000Z" },
    ]) {
      expect(canJudge(request({ ...other, inbox: "ours" }), "ours")).toBe(true);
      expect(canJudge(request({ ...other, inbox: "theirs" }), "ours")).toBe(false);
      expect(canJudge(request(other), "ours")).toBe(false);
    }
  });

  it("if there is none", () => {
    expect(canJudge({} as WorkRequest, undefined)).toBe(true);
  });
});
