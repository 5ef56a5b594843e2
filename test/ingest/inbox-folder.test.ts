import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInbox, pathInInbox, placeFile } from "../../src/ingest/inbox-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tg-inbox-"));
});
afterEach(() => rm(folder, { recursive: true }));

const refuseWarning = (error: unknown) => {
  throw error;
};

describe("an inbox", () => {
  it("is made if it is missing, and is the same for all who open it", () => {
    const first = openInbox(join(folder, "a/b"), refuseWarning);
    expect(first.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(openInbox(join(folder, "a/b"), refuseWarning)).toEqual(first);
    expect(openInbox(join(folder, "other"), refuseWarning).id).not.toBe(first.id);
  });

  it("that cannot be made is warned of", async () => {
    await writeFile(join(folder, "file"), "");
    const warnings: unknown[] = [];
    expect(openInbox(join(folder, "file"), (error) => warnings.push(error)).id).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});

describe("a path in the inbox", () => {
  beforeEach(async () => {
    await mkdir(join(folder, "inbox/sub"), { recursive: true });
    await mkdir(join(folder, "inbox-too"));
    for (const path of ["inbox/a.csv", "inbox/sub/b.csv", "inbox-too/c.csv", "d.csv"]) {
      await writeFile(join(folder, path), "x");
    }
  });
  const find = (path: string) => pathInInbox({ folder: join(folder, "inbox"), id: undefined }, path);

  it.each([
    ["a.csv", "inbox/a.csv"],
    ["./a.csv", "inbox/a.csv"],
    ["sub/b.csv", "inbox/sub/b.csv"],
    ["sub//./b.csv", "inbox/sub/b.csv"],
  ])("%s", async (path, expected) => {
    expect(await find(path)).toBe(join(folder, expected));
  });

  it.each(["../d.csv", "sub/../../d.csv", "sub/../a.csv", "../inbox-too/c.csv", "..", ".", "", "/", "a.csv\0", "sub"])(
    "is not %j",
    async (path) => {
      await expect(find(path)).rejects.toMatchObject({ code: "invalid_body", extra: { errors: [{ field: "path" }] } });
    },
  );

  it("is no link that leads out, but may be one that leads on", async () => {
    await symlink(join(folder, "d.csv"), join(folder, "inbox/out.csv"));
    await symlink(join(folder, "inbox-too"), join(folder, "inbox/out"));
    await symlink(join(folder, "inbox/a.csv"), join(folder, "inbox/on.csv"));
    for (const path of ["out.csv", "out/c.csv"]) await expect(find(path)).rejects.toThrow("leads out of the inbox");
    expect(await find("on.csv")).toBe(join(folder, "inbox/on.csv"));
  });

  it("leads to a file that there is", async () => {
    for (const path of ["x.csv", "x/y.csv", "a.csv/y.csv"]) {
      await expect(find(path)).rejects.toMatchObject({ code: "not_found" });
    }
  });
});

describe("a name", () => {
  it("is given to a file whole, and never taken from another", async () => {
    for (const name of ["draft", "other"]) await writeFile(join(folder, name), name);
    expect(placeFile(join(folder, "draft"), join(folder, "name"))).toBe(true);
    expect(placeFile(join(folder, "other"), join(folder, "name"))).toBe(false);
    expect(await readFile(join(folder, "name"), "utf8")).toBe("draft");
    expect((await readdir(folder)).toSorted()).toEqual(["name", "other"]);
  });
});
