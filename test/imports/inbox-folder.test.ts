import { existsSync } from "node:fs";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderInInbox, openInbox, pathInInbox, placeFile } from "../../src/imports/inbox-folder.ts";

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

  it("has no link in it, wherever that leads", async () => {
    await symlink(join(folder, "d.csv"), join(folder, "inbox/out.csv"));
    await symlink(join(folder, "inbox-too"), join(folder, "inbox/out"));
    await symlink(join(folder, "inbox/a.csv"), join(folder, "inbox/on.csv"));
    await symlink(join(folder, "inbox/sub"), join(folder, "inbox/again"));
    for (const path of ["out.csv", "out/c.csv", "on.csv", "again/b.csv"]) {
      await expect(find(path)).rejects.toMatchObject({ code: "invalid_body", message: /not followed/ });
    }
  });

  it("may begin at a link: the inbox itself", async () => {
    await symlink(join(folder, "inbox"), join(folder, "linked"));
    const linked = { folder: join(folder, "linked"), id: undefined };
    expect(await pathInInbox(linked, "sub/b.csv")).toBe(join(folder, "linked/sub/b.csv"));
  });

  it("is not longer than a system can open", async () => {
    for (const path of ["x".repeat(5000), "x/".repeat(600), "x".repeat(300)]) {
      await expect(find(path)).rejects.toMatchObject({ code: "invalid_body", extra: { errors: [{ field: "path" }] } });
    }
  });

  it("leads to a file that there is", async () => {
    for (const path of ["x.csv", "x/y.csv", "a.csv/y.csv"]) {
      await expect(find(path)).rejects.toMatchObject({ code: "not_found" });
    }
  });
});

describe("a folder of a mapping", () => {
  const inbox = () => ({ folder, id: undefined });

  it("is made in the inbox if it is missing", async () => {
    expect(await folderInInbox(inbox(), "fleet")).toBe(join(folder, "fleet"));
    expect(await folderInInbox(inbox(), "fleet")).toBe(join(folder, "fleet"));
    expect((await lstat(join(folder, "fleet"))).isDirectory()).toBe(true);
  });

  it("is no link and no file", async () => {
    await mkdir(join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(folder, "linked"));
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    await writeFile(join(folder, "file"), "");
    for (const name of ["linked", "dangling", "file", "x".repeat(300)]) {
      await expect(folderInInbox(inbox(), name)).rejects.toMatchObject({
        code: "invalid_parameter",
        extra: { errors: [{ field: "mapping" }] },
      });
    }
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
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
