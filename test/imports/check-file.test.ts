import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkFile } from "../../src/imports/check-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tg-check-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function check(content: Buffer) {
  const path = join(folder, "file");
  await writeFile(path, content);
  const [checked] = await checkFile(path);
  if (!checked) throw new Error("nothing was checked");
  // Whatever else is found, it is known by all of its bytes.
  expect(checked.digest).toEqual(createHash("sha256").update(content).digest());
  return checked;
}

/** Longer than what is read at a time, with characters that fall across the seams. */
const LONG = Buffer.from(`a${"ü€😀".repeat(200_000)}`);
const PACKED = gzipSync(LONG);

describe("a file that can be read", () => {
  it.each([
    ["plain", LONG, false],
    ["packed", PACKED, true],
    ["packed in two parts", Buffer.concat([PACKED, gzipSync("more")]), true],
    ["packed, and filled up with zeros", Buffer.concat([PACKED, Buffer.alloc(2000)]), true],
    ["empty", Buffer.alloc(0), false],
    ["a single byte", Buffer.from([0x1f]), false],
  ])("%s", async (_, content, packed) => {
    expect(await check(content)).toMatchObject({ packed, fault: undefined });
  });
});

describe("a file that cannot be read", () => {
  it.each([
    ["cut off", PACKED.subarray(0, -20)],
    ["cut off after its first bytes", PACKED.subarray(0, 2)],
    ["spoilt", Buffer.concat([PACKED.subarray(0, 100), Buffer.alloc(100), PACKED.subarray(200)])],
  ])("%s", async (_, content) => {
    expect((await check(content)).fault?.code).toBe("invalid_encoding");
  });
});

describe("a JSON object a line", () => {
  it.each([
    ['{"a": 1}\n{"a": 2}\n', true],
    ['[{"a": 1},\n{"a": 2}]\n', false],
    ['{\n"a": 1\n}\n', false],
    ["a,b\n1,2\n", false],
    ["", false],
  ])("%j: %s", async (content, isNdjson) => {
    expect((await check(Buffer.from(content))).isNdjson).toBe(isNdjson);
    expect((await check(gzipSync(content))).isNdjson).toBe(isNdjson);
  });
});

it("stops when it is told to", async () => {
  const path = join(folder, "long");
  await writeFile(path, LONG);
  await expect(checkFile(path, {}, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
});
