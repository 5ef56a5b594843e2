import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import type { MendedReceipt } from "../../src/batches/rejects.ts";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { withId } from "../../src/trips/trip-id.ts";
import { call, callJson, countOf, type Problem, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const CSV = "trip_id,source,started_at,origin_lon,origin_lat,note";
const csvRow = (id: string, source: string, lat = "45.05", note = "") =>
  `${id},${source},2018-05-21T08:00:00,7.67,${lat},${note}`;

/** The receipt of a request of which some rows, or all, are rejected. */
async function sendBad(body: unknown, options: Parameters<typeof send>[2] = {}): Promise<Receipt> {
  const reply = await send<Receipt & { receipt?: Receipt }>(service, body, options);
  return reply.body.receipt ?? reply.body;
}

const rejectsPath = (id: string) => `/v1/batches/${id}/rejects`;

async function download(id: string, query = "", headers: Record<string, string> = {}) {
  const reply = await fetch(service.url + rejectsPath(id) + query, { headers });
  return { status: reply.status, type: reply.headers.get("content-type"), text: await reply.text() };
}

function upload<T = MendedReceipt>(id: string, body: unknown, headers: Record<string, string> = {}) {
  const raw = typeof body === "string" || body instanceof Uint8Array;
  return call<T>(service, rejectsPath(id), {
    method: "POST",
    headers: { "content-type": raw ? "text/plain" : "application/json", ...headers },
    body: (raw ? body : JSON.stringify(body)) as string,
  });
}

const counts = ({ received, inserted, duplicates, rejected }: Receipt | MendedReceipt["mended"]) => [
  received,
  inserted,
  duplicates,
  rejected,
];

const lines = (...all: string[]) => `${all.join("\n")}\n`;

describe("rejected rows of a CSV", () => {
  it("are downloaded in the sender's columns with their reasons, and are stored once they are corrected and sent again", async () => {
    const batch = await sendBad(
      lines(
        CSV,
        csvRow("a", "round"),
        csvRow("b", "round", "131"),
        "c,round,noon,,45.05,x",
        "d,round,1",
        "e,round,1,2,3,4,5",
      ),
    );
    const { status, type, text } = await download(batch.batch_id);
    expect([status, type]).toEqual([200, "text/csv; charset=utf-8"]);
    const given = text.split("\n");
    expect(given).toEqual([
      `row,field,code,detail,${CSV}`,
      "2,origin_lat,out_of_range,latitude 131 is not within -90..90,b,round,2018-05-21T08:00:00,7.67,131,",
      expect.stringMatching(
        /^3,started_at; origin_lon,invalid_time; missing,"expected ISO.*""noon""; origin_lat is given, but origin_lon is not",c,round,noon,,45.05,x$/,
      ),
      '4,row,invalid_row,"expected 6 columns as in the header, but got 3",d,round,1',
      '5,row,invalid_row,"expected 6 columns as in the header, but got 7",e,round,1,2,3,4,5',
      "",
    ]);

    const mended = [
      given[0] ?? "",
      (given[1] ?? "").replace(",131,", ",45.05,"),
      (given[2] ?? "").replace(",noon,,", ",2018-05-21T08:00:00,7.67,"),
      (given[3] ?? "").replace("d,round,1", csvRow("d", "round")),
      given[4] ?? "",
    ];
    const reply = await upload(batch.batch_id, lines(...mended), { "content-type": "text/csv" });
    expect(reply.status).toBe(200);
    expect(counts(reply.body)).toEqual([5, 4, 0, 1]);
    expect(reply.body.mended).toEqual({ received: 4, inserted: 3, duplicates: 0, rejected: 1, not_rejected: [] });
    expect(reply.body.rejects).toMatchObject([
      { row: 5, code: "invalid_row", detail: "expected 6 columns as in the header, but got 7" },
    ]);
    expect(await countOf(service, "round")).toBe(4);
    const { mended: _, ...receipt } = reply.body;
    expect((await call<Receipt>(service, `/v1/batches/${batch.batch_id}`)).body).toEqual(receipt);
    expect((await download(batch.batch_id)).text).toBe(lines(given[0] ?? "", given[4] ?? ""));
  });

  it("are no others than they were: quotes, line ends, separators, formulas and empty cells stay", async () => {
    const cells = ['say "so"', "a,b", "line\nend", "line\rend", "\r\n", "=1+1", " padded ", "", "ürümqi 😀", "'", '"'];
    const quoted = cells.map((cell) => `"${cell.replaceAll('"', '""')}"`);
    const header = `source,started_at,origin,${cells.map((_, i) => `n${i}`).join(",")}`;
    const batch = await sendBad(lines(header, `odd,noon,POINT (7.67 45.05),${quoted.join(",")}`));
    const { text } = await download(batch.batch_id);
    const reply = await upload(batch.batch_id, text.replace(",noon,", ",2018-05-21T08:00:00,"));
    expect(counts(reply.body)).toEqual([1, 1, 0, 0]);
    const { body } = await call<{ trips: StoredTrip[] }>(service, "/v1/trips?source=odd");
    const kept = Object.fromEntries(cells.map((cell, i) => [`n${i}`, cell]).filter(([, cell]) => cell !== ""));
    expect(body.trips[0]?.attributes).toEqual(kept);
  });

  it("may be given and taken as NDJSON, where a row of another length stands as text", async () => {
    const batch = await sendBad(lines(CSV, csvRow("a", "as json", "131"), "b,as json,1", csvRow("c", "as json", "x")));
    for (const [query, headers] of [
      ["?format=ndjson", {}],
      ["", { accept: "application/x-ndjson" }],
    ] as const) {
      const { type, text } = await download(batch.batch_id, query, headers);
      expect(type).toBe("application/x-ndjson");
      expect(
        text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ).toMatchObject([
        { row: 1, field: "origin_lat", code: "out_of_range", trip_id: "a", origin_lat: "131", note: "" },
        { row: 2, field: "row", code: "invalid_row", raw: "b,as json,1" },
        { row: 3, field: "origin_lat", code: "wrong_type", trip_id: "c" },
      ]);
    }
    const rows = [
      {
        row: 1,
        trip_id: "a",
        source: "as json",
        started_at: "2018-05-21T08:00:00",
        origin_lon: "7.67",
        origin_lat: 45.05,
      },
      { row: 2, raw: csvRow("b", "as json", "45.05", "=x") },
      { row: 3, trip_id: "c", source: "as json", started_at: "2018-05-21T08:00:00", origin: [7.67, 45.05], note: null },
    ];
    expect((await upload(batch.batch_id, rows)).body.mended).toMatchObject({ inserted: 3, rejected: 0 });
    const stored = await call<StoredTrip>(service, "/v1/trips/as%20json/b");
    expect(stored.body).toMatchObject({ origin: [7.67, 45.05], attributes: { note: "=x" } });
  });

  it("keep what they are where nothing of them was mended", async () => {
    const batch = await sendBad(lines(CSV, csvRow("a", "same", "131", "=x"), "b,same,1"));
    for (const format of ["csv", "ndjson"]) {
      const before = await download(batch.batch_id, `?format=${format}`);
      const { body } = await upload(batch.batch_id, before.text);
      expect(body.mended).toEqual({ received: 2, inserted: 0, duplicates: 0, rejected: 2, not_rejected: [] });
      expect((await download(batch.batch_id, `?format=${format}`)).text).toBe(before.text);
    }
  });
});

describe("rejected rows of JSON", () => {
  it("as CSV have all their keys as columns, and get back the types that they had", async () => {
    const bad = [
      trip({ source: "typed", trip_id: "a", origin: [7.67, 131], attributes: { n: 1 }, seats: 4, vip: true, tag: "5" }),
      trip({ source: "typed", trip_id: "b", started_at: "noon", duration_s: 90, tags: ["x", "y,z"], region: null }),
      "no trip",
    ];
    const batch = await sendBad(bad);
    const { text } = await download(batch.batch_id);
    expect(text).toContain(
      "row,field,code,detail,source,started_at,origin,trip_id,attributes,seats,vip,tag,duration_s,tags,region\n",
    );
    expect(text).toContain(',typed,2018-05-21T08:00:00,"[7.67,131]",a,"{""n"":1}",4,true,5,,,\n');
    expect(text).toMatch(/\n3,row,invalid_row,"expected an object, but got ""no trip""","""no trip"""\n$/);

    const { body } = await upload(
      batch.batch_id,
      text.replace("[7.67,131]", "[7.67,45.05]").replace(",noon,", ",2018-05-21 08:00,"),
    );
    expect(body.mended).toMatchObject({ received: 3, inserted: 2, rejected: 1 });
    expect((await call<StoredTrip>(service, "/v1/trips/typed/a")).body).toMatchObject({
      origin: [7.67, 45.05],
      attributes: { n: 1, seats: 4, vip: true, tag: "5" },
    });
    const second = (await call<StoredTrip>(service, "/v1/trips/typed/b")).body;
    expect(second).toMatchObject({ duration_s: 90, region: null, attributes: { tags: ["x", "y,z"] } });
    expect((await download(batch.batch_id, "?format=ndjson")).text).toContain('"raw":"\\"no trip\\""');
  });

  it("as NDJSON come and go as they were, and a line that is no JSON as text", async () => {
    const good = JSON.stringify(trip({ source: "nd", trip_id: "b" }));
    const batch = await sendBad(
      lines(JSON.stringify(trip({ source: "nd", trip_id: "a", origin: [0, 91] })), `${good}}`),
      {
        type: "application/x-ndjson",
      },
    );
    const { text } = await download(batch.batch_id, "?format=ndjson");
    const given = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(given).toMatchObject([
      { row: 1, field: "origin", code: "out_of_range", trip_id: "a", origin: [0, 91] },
      { row: 2, field: "row", code: "invalid_json", raw: `${good}}` },
    ]);
    given[0].origin = [0, 45];
    given[1].raw = good;
    const { body } = await upload(batch.batch_id, lines(...given.map((one) => JSON.stringify(one))));
    expect(counts(body)).toEqual([2, 2, 0, 0]);
    expect((await call<StoredTrip>(service, "/v1/trips/nd/a")).body).toMatchObject({ origin: [0, 45], attributes: {} });
  });

  it("stay strict in JSON: a number as text is still no number", async () => {
    const batch = await sendBad([trip({ source: "strict", trip_id: "a", duration_s: "90" })]);
    const rows = [{ row: 1, ...trip({ source: "strict", trip_id: "a", duration_s: "91" }) }];
    const { body } = await upload(batch.batch_id, rows);
    expect(body.rejects).toMatchObject([{ row: 1, field: "duration_s", detail: expect.stringContaining('"91"') }]);
    const { text } = await download(batch.batch_id);
    expect((await upload(batch.batch_id, text)).body.mended).toMatchObject({ inserted: 1 });
    expect((await call<StoredTrip>(service, "/v1/trips/strict/a")).body.duration_s).toBe(91);
  });
});

describe("our columns", () => {
  it("are called otherwise where the sender has some of that name", async () => {
    const batch = await sendBad(lines("row,code,source,started_at,origin", "77,x,named,noon,POINT (7.67 45.05)"));
    const { text } = await download(batch.batch_id);
    expect(text.split("\n")[0]).toBe(
      "tripgrid_row,tripgrid_field,tripgrid_code,tripgrid_detail,row,code,source,started_at,origin",
    );
    expect((await download(batch.batch_id, "?format=ndjson")).text).toMatch(
      /^\{"tripgrid_row":1,.*"row":"77","code":"x"/,
    );
    const { body } = await upload(batch.batch_id, text.replace("noon,POINT", "2018-05-21T08:00,POINT"));
    expect(counts(body)).toEqual([1, 1, 0, 0]);
    const stored = await call<{ trips: StoredTrip[] }>(service, "/v1/trips?source=named");
    expect(stored.body.trips[0]?.attributes).toEqual({ row: "77", code: "x" });
  });

  it("field, code and detail may be left out, and any order will do", async () => {
    const batch = await sendBad(lines(CSV, csvRow("a", "sparse", "131")));
    const { body } = await upload(batch.batch_id, lines(`${CSV},row`, `${csvRow("a", "sparse")},1.0`));
    expect(counts(body)).toEqual([1, 1, 0, 0]);
  });

  it.each([
    ["a CSV without the column", lines(CSV, csvRow("a", "lost")), "invalid_csv", /row: expected a column row/],
    ["an empty cell", lines(`row,${CSV}`, `,${csvRow("a", "lost")}`), "invalid_csv", /nothing in record 1 of the file/],
    [
      "a cell that is no number",
      lines(`row,${CSV}`, `x,${csvRow("a", "lost")}`),
      "invalid_csv",
      /but got "x" in record 1/,
    ],
    [
      "a row twice",
      lines(`row,${CSV}`, ...[1, 2, 1].map((n) => `${n},${csvRow("a", "lost")}`)),
      "invalid_csv",
      /row 1 .*1 and 3/,
    ],
    ["an object without it", [{ row: 1 }, trip()], "invalid_body", /nothing in record 2 of the file/],
    ["a row of 0", [{ row: 0 }], "invalid_body", /but got 0 in record 1/],
    ["a row of 2^31", [{ row: 2 ** 31 }], "invalid_body", /got 2147483648/],
    ["a member that is no object", [5], "invalid_body", /record 1 of the file: expected an object/],
  ])("are asked for: %s is refused, and nothing of it is stored", async (_name, body, code, detail) => {
    const batch = await sendBad(lines(CSV, csvRow("a", "lost", "131"), csvRow("b", "lost", "131")));
    const reply = await upload<Problem>(batch.batch_id, body);
    expect([reply.status, reply.body.code, reply.body.errors?.[0]?.field]).toEqual([400, code, "row"]);
    expect(reply.body.detail).toMatch(detail);
    expect((await call<Receipt>(service, `/v1/batches/${batch.batch_id}`)).body.rejected).toBe(2);
  });

  it("columns of the sender must fit the mapping, or their values would be lost", async () => {
    const batch = await sendBad(lines(CSV, csvRow("a", "cut", "131")));
    const reply = await upload<Problem>(batch.batch_id, "row,source,started_at\n1,cut,noon\n");
    expect([reply.status, reply.body.code]).toEqual([400, "invalid_csv"]);
    expect(reply.body.detail).toMatch(/no column origin/);
    expect((await download(batch.batch_id)).text).toContain("cut,2018-05-21T08:00:00,7.67,131");
  });
});

describe("rows that are mended", () => {
  it("and still faulty stay with their new fields and new reasons, also in columns that are new", async () => {
    const batch = await sendBad(lines(CSV, csvRow("a", "still", "131"), csvRow("b", "still", "131")));
    const mended = lines(`row,${CSV},region`, `1,${csvRow("a2", "still", "132")},Turin`);
    const { body } = await upload(batch.batch_id, mended);
    expect(body.mended).toMatchObject({ received: 1, inserted: 0, rejected: 1 });
    expect(body.rejects[0]).toMatchObject({ row: 1, trip_id: "a2", detail: "latitude 132 is not within -90..90" });
    const { text } = await download(batch.batch_id);
    expect(text.split("\n").slice(0, 3)).toEqual([
      `row,field,code,detail,${CSV},region`,
      `1,origin_lat,out_of_range,latitude 132 is not within -90..90,${csvRow("a2", "still", "132")},Turin`,
      `2,origin_lat,out_of_range,latitude 131 is not within -90..90,${csvRow("b", "still", "131")},`,
    ]);
  });

  it("become duplicates where the trip is there already; what is not rejected is left alone and listed", async () => {
    const batch = await sendBad(lines(CSV, csvRow("a", "dup"), csvRow("b", "dup", "131"), csvRow("c", "dup", "131")));
    const file = lines(
      `row,${CSV}`,
      ...["1,x", "2,a", "3,c", "9,y"].map((one) => {
        const [row, id = ""] = one.split(",");
        return `${row},${csvRow(id, "dup")}`;
      }),
    );
    const first = await upload(batch.batch_id, gzipSync(file), { "content-encoding": "gzip" });
    expect(first.body.mended).toEqual({ received: 4, inserted: 1, duplicates: 1, rejected: 0, not_rejected: [1, 9] });
    expect(counts(first.body)).toEqual([3, 2, 1, 0]);
    const again = await upload(batch.batch_id, file);
    expect(again.body.mended).toEqual({
      received: 4,
      inserted: 0,
      duplicates: 0,
      rejected: 0,
      not_rejected: [1, 2, 3, 9],
    });
    expect(counts(again.body)).toEqual([3, 2, 1, 0]);
    expect(await countOf(service, "dup")).toBe(2);
  });

  it("agree with the verdicts of the receipt, and count as a change of the batch", async () => {
    const rows = ["a", "b", "a", "d"].map((trip_id, i) =>
      trip({ source: "v", trip_id, origin: [7.67, i === 0 ? 45 : 91] }),
    );
    const { body: batch } = await send(service, rows, { query: "verdicts=all" });
    const changeOf = async () =>
      (await service.sql`select change_id from tripgrid.batches where batch_id = ${batch.batch_id}`)[0]?.change_id;
    const before = await changeOf();
    const { body } = await upload(
      batch.batch_id,
      [2, 3]
        .map((row) => ({ row, ...rows[row - 1], origin: [7.67, 45] }))
        .concat({ row: 4, ...rows[3], origin: [7.67, 92] }),
    );
    expect(body.verdicts).toEqual([
      { row: 1, trip_id: "a", verdict: "inserted", problems: [] },
      { row: 2, trip_id: "b", verdict: "inserted", problems: [] },
      { row: 3, trip_id: "a", verdict: "duplicate", problems: [] },
      {
        row: 4,
        trip_id: "d",
        verdict: "rejected",
        problems: [expect.objectContaining({ detail: expect.stringMatching(/92/) })],
      },
    ]);
    expect(await changeOf()).toBeGreaterThan(before);
    expect(counts(body)).toEqual([4, 2, 1, 1]);
  });

  it("get the id of their row where the request said identity=row", async () => {
    const bad = trip({ source: "rows", origin: [7.67, 91] });
    const batch = await sendBad([bad, bad], { query: "identity=row" });
    const mended = trip({ source: "rows", origin: [7.67, 45.05] });
    const { body } = await upload(
      batch.batch_id,
      [1, 2].map((row) => ({ row, ...mended })),
    );
    expect(counts(body)).toEqual([2, 2, 0, 0]);
    const plain = {
      source: "rows",
      startedAt: { kind: "naive", text: "2018-05-21T08:00:00" },
      origin: [7.67, 45.05],
    } as unknown as Parameters<typeof withId>[0];
    for (const row of [1, 2]) {
      const id = withId(plain, `${batch.batch_id}/${row}`).tripId;
      expect((await call(service, `/v1/trips/rows/${id}`)).status).toBe(200);
    }
  });

  it("move once, however many send them at the same time", async () => {
    const bad = Array.from({ length: 300 }, (_, i) => trip({ source: "race", trip_id: `t${i}`, origin: [7.67, 91] }));
    const batch = await sendBad(bad);
    const file = lines(...bad.map((one, i) => JSON.stringify({ row: i + 1, ...one, origin: [7.67, 45] })));
    const replies = await Promise.all(Array.from({ length: 6 }, () => upload(batch.batch_id, file)));
    expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(replies.map(({ body }) => body.mended.inserted).sort((a, b) => a - b)).toEqual([0, 0, 0, 0, 0, 300]);
    for (const { body } of replies) expect(counts(body)).toEqual([300, 300, 0, 0]);
    const late = replies.find(({ body }) => body.mended.inserted === 0);
    expect(late?.body.mended.not_rejected).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(await countOf(service, "race")).toBe(300);
  });
});

describe("the rejected rows", () => {
  it("come all, in their order, however many and however large they are", async () => {
    const bad = Array.from({ length: 5000 }, (_, i) => trip({ trip_id: `t${i}`, origin: [7.67, 91] }));
    const many = await sendBad(bad);
    const rows = (await download(many.batch_id)).text.trim().split("\n").slice(1);
    expect(rows.map((row) => Number(row.split(",", 1)[0]))).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));

    const large = await sendBad(bad.slice(0, 120).map((one) => ({ ...one, note: "x".repeat(60_000) })));
    const { text } = await download(large.batch_id, "?format=ndjson");
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => [JSON.parse(line).row, JSON.parse(line).note.length]),
    ).toEqual(Array.from({ length: 120 }, (_, i) => [i + 1, 60_000]));
  });

  it("are a header alone where there are none", async () => {
    const { body: csv } = await send(service, lines(CSV, csvRow("a", "none")));
    expect((await download(csv.batch_id)).text).toBe(`row,field,code,detail,${CSV}\n`);
    const { body: json } = await send(service, trip({ source: "none either" }));
    expect((await download(json.batch_id)).text).toBe("row,field,code,detail\n");
    expect((await download(json.batch_id, "?format=ndjson")).text).toBe("");
  });

  it("are not to be had of a batch that there is not, nor in another form", async () => {
    for (const id of [randomUUID(), "nobody", "%00"]) {
      expect((await download(id)).status).toBe(404);
      expect((await upload<Problem>(id, [{ row: 1 }])).body.code).toBe("not_found");
    }
    const { body } = await send(service, trip({ source: "forms" }));
    const reply = await call(service, `${rejectsPath(body.batch_id)}?format=xlsx`);
    expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, "format"]);
  });

  it("of JSON with more keys than a CSV has columns are given as NDJSON only", async () => {
    const keys = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]));
    const batch = await sendBad([trip({ origin: [0, 91], ...keys })]);
    const reply = await call(service, rejectsPath(batch.batch_id));
    expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, "format"]);
    expect((await download(batch.batch_id, "?format=ndjson")).text).toContain('"k999":999');
  });

  it.each(["queued", "running"])("of a batch that is %s cannot be mended yet", async (state) => {
    const id = randomUUID();
    await service.sql`insert into tripgrid.batches (batch_id, state, mapping) values (${id}, ${state}, 'native')`;
    const reply = await upload<Problem>(id, [{ row: 1, ...trip() }]);
    expect([reply.status, reply.body.code]).toEqual([409, "batch_in_progress"]);
    await service.sql`delete from tripgrid.batches where batch_id = ${id}`;
  });
});

describe("a batch whose rows were stored after its acknowledgement", () => {
  it("is mended like any other, by the mapping and the identity that it had", async () => {
    const bad = [trip({ source: "later", origin: [7.67, 91] }), trip({ source: "later", origin: [7.67, 91] })];
    const { body: queued } = await send(service, bad, { query: "identity=row", headers: { prefer: "respond-async" } });
    const path = `/v1/batches/${queued.batch_id}`;
    await expect
      .poll(async () => (await call<Receipt>(service, path)).body.state, { timeout: 30_000 })
      .toBe("committed");
    const { text } = await download(queued.batch_id);
    const { body } = await upload(queued.batch_id, text.replaceAll("[7.67,91]", "[7.67,45.05]"));
    expect(counts(body)).toEqual([2, 2, 0, 0]);
    expect(await countOf(service, "later")).toBe(2);
  });

  it("with a mapping of its sender's own is mended by it", async () => {
    const definition = {
      columns: { who: "source", when: { to: "started_at" }, at: { to: "origin", form: "lat_lon" } },
    };
    expect((await callJson(service, "PUT", "/v1/mappings/own", definition)).status).toBeLessThan(300);
    const batch = await sendBad('who,when,at\nown,noon,"45.05,7.67"\n', { query: "mapping=own" });
    for (const format of ["csv", "ndjson"]) {
      const { text } = await download(batch.batch_id, `?format=${format}`);
      expect((await upload(batch.batch_id, text)).body.mended).toMatchObject({ rejected: 1 });
    }
    const mended = { row: 1, who: "own", when: "2018-05-21T08:00:00", at: [45.05, 7.67] };
    expect((await upload(batch.batch_id, [mended])).body.mended).toMatchObject({ inserted: 1 });
    const { body } = await call<{ trips: StoredTrip[] }>(service, "/v1/trips?source=own");
    expect(body.trips[0]?.origin).toEqual([7.67, 45.05]);
  });
});
