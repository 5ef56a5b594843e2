import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ImportReply } from "../../src/imports/imports.ts";
import { call, callJson, countOf, type Problem, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { ask, csvOf, ended, imported, inboxOf, type Listed, listed, numbers, put } from "./import-files.ts";

const service = useService();

describe("a file in the inbox that is asked for", () => {
  const rows = (source: string) => [trip({ source, trip_id: "a" }), trip({ source, trip_id: "b" })];
  const ndjson = (source: string) =>
    rows(source)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("");

  it.each<[string, (source: string) => string | Buffer]>([
    ["plain.csv", (s) => csvOf(s, 2)],
    ["packed.csv.gz", (s) => gzipSync(csvOf(s, 2))],
    ["packed-without-saying-so.csv", (s) => gzipSync(csvOf(s, 2))],
    ["not-packed-after-all.csv.gz", (s) => csvOf(s, 2)],
    ["lines.ndjson", ndjson],
    ["LINES.JSONL.GZ", (s) => gzipSync(ndjson(s))],
    ["array.json", (s) => JSON.stringify(rows(s))],
    ["lines-called.json", ndjson],
  ])("is imported: %s", async (file, content) => {
    await put(service, file, content(file));
    const { status, headers, body } = await ask(service, file);
    expect([status, body.file, body.path, body.already_imported]).toEqual([202, file, file, false]);
    expect(headers.get("location")).toBe(`/v1/imports/${body.import_id}`);
    const done = await ended(service, body.import_id);
    expect([done.state, ...numbers(done)]).toEqual(["committed", 2, 2, 0, 0]);
    expect(await countOf(service, file)).toBe(2);
    expect(ImportReply.strict().parse(done)).toEqual(done);
    expect(await readdir(inboxOf(service))).toContain(file);
  });

  it("has a receipt like any batch, and its rejected rows", async () => {
    const done = await imported(service, "rejects.csv", `${csvOf("rejects", 2)}x,rejects,yesterday,7.67,45.05\n`);
    expect(numbers(done)).toEqual([3, 2, 0, 1]);
    const { body } = await call(service, done.links.batch ?? "");
    expect(body).toMatchObject({ received: 3, rejects: [{ row: 3, field: "started_at", code: "invalid_time" }] });
    expect(Date.parse(done.ended_at ?? "")).toBeGreaterThanOrEqual(Date.parse(done.started_at ?? ""));
    expect(done.rows_per_second).toBeGreaterThan(0);
  });

  it("is read by the mapping that is asked for, or that its folder is named after", async () => {
    const custom = { columns: { wann: { to: "started_at" }, wo: { to: "origin" } }, constants: { source: "custom" } };
    expect((await callJson(service, "PUT", "/v1/mappings/custom", custom)).status).toBe(201);
    const content = "wann,wo\n2018-05-21T08:00:00,POINT (7.67 45.05)\n";
    await mkdir(join(inboxOf(service), "custom"));
    const first = await imported(service, "custom/a.csv", content);
    expect([first.state, first.mapping, ...numbers(first)]).toEqual(["committed", "custom", 1, 1, 0, 0]);
    const second = await imported(service, "b.csv", content.replace("08:", "09:"), { mapping: "custom" });
    expect([second.mapping, ...numbers(second)]).toEqual(["custom", 1, 1, 0, 0]);
  });
});

describe("a file that cannot be read at all is a failed import:", () => {
  const packed = gzipSync(csvOf("unreadable", 20_000));
  it.each<[string, Buffer]>([
    ["cut off.csv.gz", packed.subarray(0, packed.length / 2)],
    ["spoilt.csv.gz", Buffer.concat([packed.subarray(0, 500), Buffer.alloc(500), packed.subarray(1000)])],
  ])("%s", async (file, content) => {
    const done = await imported(service, file, content);
    expect([done.state, done.error?.code, ...numbers(done)]).toEqual(["failed", "invalid_encoding", 0, 0, 0, 0]);
    expect(done.error?.detail).toMatch(/^The file is not /);
    expect(done.ended_at).not.toBeNull();
    expect(ImportReply.strict().parse(done)).toEqual(done);
    expect(await countOf(service, "unreadable")).toBe(0);
    expect((await call(service, done.links.batch ?? "")).body).toMatchObject({ state: "failed", error: done.error });
  });

  it("its header fits no mapping; asked for again once there is one, it is imported", async () => {
    const content = "when,where\n2018-05-21T08:00:00,POINT (7.67 45.05)\n";
    const failed = await imported(service, "later.csv", content);
    expect([failed.state, failed.error?.code]).toEqual(["failed", "no_mapping"]);
    const columns = { when: { to: "started_at" }, where: { to: "origin" } };
    await callJson(service, "PUT", "/v1/mappings/later", { columns, constants: { source: "later" } });
    const done = await ended(service, (await ask(service, "later.csv")).body.import_id);
    expect([done.state, done.mapping, done.already_imported, ...numbers(done)]).toEqual([
      "committed",
      "later",
      false,
      1,
      1,
      0,
      0,
    ]);
  });
});

describe("a file of which the content was imported before", () => {
  it("is recognised under whatever name, and says so", async () => {
    const content = csvOf("before", 3);
    const first = await imported(service, "before.csv", content);
    await put(service, "renamed.csv", content);
    const { status, body } = await ask(service, "renamed.csv");
    expect([status, body.already_imported, body.batch_id]).toEqual([200, true, first.batch_id]);
    expect([body.state, ...numbers(body)]).toEqual(["committed", 3, 3, 0, 0]);
    expect((await listed(service, "renamed.csv")).map((one) => one.already_imported)).toEqual([true]);
    expect(await countOf(service, "before")).toBe(3);
  });

  it("is imported again if it is asked for so: its rows are duplicates", async () => {
    const content = csvOf("again", 3);
    const first = await imported(service, "again.csv", content);
    const second = await imported(service, "again.csv", content, { again: true });
    expect([second.already_imported, ...numbers(second)]).toEqual([false, 3, 0, 3, 0]);
    expect(second.batch_id).not.toBe(first.batch_id);
    expect((await ask(service, "again.csv")).body).toMatchObject({ already_imported: true, batch_id: first.batch_id });
  });

  it("is another import if it is read in another way", async () => {
    const content = csvOf("another way", 1);
    await imported(service, "way.csv", content);
    const second = await imported(service, "way.csv", content, { mapping: "native" });
    expect([second.already_imported, ...numbers(second)]).toEqual([false, 1, 0, 1, 0]);
  });
});

describe("what is asked for wrongly is refused:", () => {
  it.each<[string, object, number, string, RegExp]>([
    ["no such file", { path: "nobody.csv" }, 404, "not_found", /nobody\.csv/],
    ["no such folder", { path: "nobody/a.csv" }, 404, "not_found", /nobody\/a\.csv/],
    ["out of the inbox", { path: "../secret.csv" }, 400, "invalid_body", /^path: /],
    ["out of the inbox in the end", { path: "a/../../secret.csv" }, 400, "invalid_body", /^path: /],
    ["a link", { path: "link.csv" }, 400, "invalid_body", /^path: .*links .* not followed/],
    ["what no system can open", { path: "x".repeat(5000) }, 400, "invalid_body", /^path: /],
    ["a name that is too long", { path: `${"x".repeat(300)}.csv` }, 400, "invalid_body", /^path: /],
    ["an absolute path", { path: "/etc/passwd" }, 400, "invalid_body", /^path: /],
    ["a folder", { path: "folder" }, 400, "invalid_body", /^path: .*not a folder/],
    ["nothing", { path: "" }, 400, "invalid_body", /^path: /],
    ["a file of no known kind", { path: "notes.doc" }, 400, "invalid_body", /^path: .*\.csv/],
    ["no such mapping", { path: "fine.csv", mapping: "nobody" }, 400, "invalid_parameter", /^mapping: /],
    ["no path", {}, 400, "invalid_body", /^path: /],
    ["an unknown member", { path: "fine.csv", force: true }, 400, "invalid_body", /^force: /],
  ])("%s", async (_, body, status, code, detail) => {
    const inbox = inboxOf(service);
    await mkdir(join(inbox, "folder"), { recursive: true });
    await writeFile(join(inbox, "..", "secret.csv"), csvOf("secret", 1));
    await put(service, "notes.doc", "x");
    await put(service, "fine.csv", csvOf("fine", 1));
    await rm(join(inbox, "link.csv"), { force: true });
    await symlink(join(inbox, "..", "secret.csv"), join(inbox, "link.csv"));
    const reply = await callJson<Problem>(service, "POST", "/v1/imports", body);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(reply.body.detail).toMatch(detail);
    expect(JSON.stringify(reply.body)).not.toContain(inbox);
    expect(await countOf(service, "secret")).toBe(0);
  });
});

describe("a file that is sent", () => {
  const upload = (query: string, content: string | Buffer) =>
    call<Listed>(service, `/v1/imports?${query}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: content as string,
    });

  it("is kept in the inbox under its name, and imported", async () => {
    const content = gzipSync(csvOf("sent", 2000));
    const { status, body } = await upload("file=sent.csv.gz", content);
    expect([status, body.path, body.bytes]).toEqual([202, "sent.csv.gz", content.length]);
    expect(numbers(await ended(service, body.import_id))).toEqual([2000, 2000, 0, 0]);
    expect(content.equals(await readFile(join(inboxOf(service), "sent.csv.gz")))).toBe(true);
  });

  it("never goes through a link that stands where its mapping's folder would be", async () => {
    const outside = join(inboxOf(service), "..", "outside");
    await mkdir(outside);
    await symlink(outside, join(inboxOf(service), "native"));
    const { status, body } = await upload("file=through.csv&mapping=native", csvOf("through", 1));
    expect([status, body]).toMatchObject([400, { code: "invalid_parameter", errors: [{ field: "mapping" }] }]);
    expect(await readdir(outside)).toEqual([]);
    await rm(join(inboxOf(service), "native"));
  });

  it("gets another name if another content has its own, and none if it is there already", async () => {
    const first = await upload("file=clash.csv", csvOf("clash 1", 1));
    const second = await upload("file=clash.csv", csvOf("clash 2", 1));
    expect(first.body.path).toBe("clash.csv");
    expect(second.body.path).toMatch(/^clash-[0-9a-f]{8}\.csv$/);
    await ended(service, first.body.import_id);
    await ended(service, second.body.import_id);
    const same = await upload("file=clash.csv", csvOf("clash 2", 1));
    expect([same.status, same.body.path, same.body.already_imported]).toEqual([200, second.body.path, true]);
    expect((await readdir(inboxOf(service))).filter((name) => name.startsWith("clash"))).toHaveLength(2);
  });

  it("lies in the folder of its mapping", async () => {
    const { body } = await upload("file=mapped.csv&mapping=native", csvOf("mapped", 1));
    expect(body.path).toBe("native/mapped.csv");
    expect((await ended(service, body.import_id)).state).toBe("committed");
  });

  it.each([
    ["file=..%2Fout.csv", "file"],
    ["file=.hidden.csv", "file"],
    ["file=notes.doc", "file"],
    ["file=a%00.csv", "file"],
    ["file=fine.csv&mapping=nobody", "mapping"],
    ["file=fine.csv&again=perhaps", "again"],
    ["name=fine.csv", "name"],
  ])("is refused with %s", async (query, field) => {
    const before = await readdir(inboxOf(service));
    const reply = (await upload(query, csvOf("refused", 1))) as unknown as { status: number; body: Problem };
    expect([reply.status, reply.body.code]).toEqual([400, "invalid_parameter"]);
    expect(reply.body.detail).toMatch(new RegExp(`^${field}: `));
    expect(await readdir(inboxOf(service))).toEqual(before);
  });
});

describe("GET /v1/imports", () => {
  it("lists all, newest first, page by page", async () => {
    for (const i of [1, 2, 3]) await imported(service, `page-${i}.csv`, csvOf(`page ${i}`, 1));
    const all = (await call<{ imports: Listed[] }>(service, "/v1/imports?limit=1000")).body.imports;
    expect(all.slice(0, 3).map((one) => one.file)).toEqual(["page-3.csv", "page-2.csv", "page-1.csv"]);
    const paged: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const path: string = `/v1/imports?limit=7${cursor && `&cursor=${cursor}`}`;
      const { body } = await call<{ imports: Listed[]; next_cursor: string | null }>(service, path);
      paged.push(...body.imports.map((one) => one.import_id));
      cursor = body.next_cursor;
    }
    // An import of an earlier test may have begun in between.
    const known = all.map((one) => one.import_id);
    expect(paged.filter((id) => known.includes(id))).toEqual(known);
  });

  it("has no import of an unknown id, and no page of an unknown cursor", async () => {
    expect((await call(service, "/v1/imports/nobody")).status).toBe(404);
    expect((await call(service, "/v1/imports/0b9a7a1c-6f0e-4b57-9b1b-2d8a51a1f111")).status).toBe(404);
    const { status, body } = await call(service, "/v1/imports?cursor=nobody");
    expect([status, body.code, body.errors?.[0]?.field]).toEqual([400, "invalid_parameter", "cursor"]);
  });
});
