import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { call, countOf, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const counts = ({ received, inserted, duplicates, rejected }: Receipt) => [received, inserted, duplicates, rejected];

describe("trips come in as", () => {
  const rows = (source: string) => [trip({ source, trip_id: "a" }), trip({ source, trip_id: "b" })];
  const csv = (source: string, end = "\n") =>
    [
      "trip_id,source,started_at,origin_lon,origin_lat",
      ...["a", "b"].map((id) => `${id},${source},2018-05-21T08:00:00,7.67,45.05`),
      "",
    ].join(end);
  const ndjson = (source: string) =>
    rows(source)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("");

  it.each<[string, (source: string) => string | Buffer, string | undefined, Record<string, string>?]>([
    ["a JSON array", (s) => JSON.stringify(rows(s)), "application/json"],
    ["NDJSON", ndjson, "application/x-ndjson"],
    ["CSV", csv, "text/csv"],
    ["CSV with CRLF and a byte order mark", (s) => `\uFEFF${csv(s, "\r\n")}`, "text/csv"],
    [
      "CSV with points as WKT",
      (s) =>
        `trip_id,source,started_at,origin\na,${s},2018-05-21T08:00:00,POINT (7.67 45.05)\nb,${s},2018-05-21 08:00:00,POINT(7.67 45.05)\n`,
      "text/csv",
    ],
    ["gzipped JSON", (s) => gzipSync(JSON.stringify(rows(s))), "application/json", { "content-encoding": "gzip" }],
    ["gzipped CSV", (s) => gzipSync(csv(s)), "text/csv", { "content-encoding": "gzip" }],
    ["JSON that is called a form, as curl does", (s) => JSON.stringify(rows(s)), "application/x-www-form-urlencoded"],
    ["NDJSON that is called text", ndjson, "text/plain"],
    ["CSV without a name", (s) => Buffer.from(csv(s)), undefined],
  ])("%s", async (name, body, type, headers) => {
    const source = `form ${name}`;
    const options = { ...(type ? { type } : {}), ...(headers ? { headers } : {}) };
    const { status, body: receipt } = await send(service, body(source), options);
    expect([status, receipt.state, ...counts(receipt)]).toEqual([200, "committed", 2, 2, 0, 0]);
    expect(await countOf(service, source)).toBe(2);
  });

  it("one JSON object", async () => {
    const { body } = await send(service, trip({ source: "object" }));
    expect(counts(body)).toEqual([1, 1, 0, 0]);
  });

  it("text of any kind, which comes out as it went in", async () => {
    const ids = [
      '"quoted"',
      "back\\slash",
      "{braces}",
      "a,b",
      "NULL",
      "new\nline",
      "tab\t",
      "'single'",
      "Zürich 😀",
      " padded ",
    ];
    const sent = ids.map((trip_id) =>
      trip({ source: "text", trip_id, driver_id: trip_id, attributes: { [trip_id]: trip_id } }),
    );
    expect((await send(service, sent)).body.inserted).toBe(ids.length);
    for (const id of ids) {
      const { body } = await call(service, `/v1/trips/text/${encodeURIComponent(id)}`);
      expect(body).toMatchObject({ trip_id: id, driver_id: id, attributes: { [id]: id } });
    }
  });
});

describe("a receipt", () => {
  it("adds up, tells the first fault of each rejected row, and is given again by the batch's address", async () => {
    const good = trip({ source: "receipt", trip_id: "a" });
    await send(service, good);
    const { status, headers, body } = await send(service, [
      good,
      trip({ source: "receipt", trip_id: "new" }),
      trip({ source: "receipt", trip_id: "bad", origin: [7.67, 131], started_at: "yesterday" }),
      "no row",
    ]);
    expect(status).toBe(200);
    expect(counts(body)).toEqual([4, 1, 1, 2]);
    expect(body.rejects).toMatchObject([
      { row: 3, trip_id: "bad", field: "started_at", code: "invalid_time" },
      { row: 4, trip_id: null, field: "row", code: "invalid_row" },
    ]);
    expect(body.verdicts).toBeUndefined();
    const self = headers.get("location") ?? "";
    expect(body).toMatchObject({ links: { self } });
    expect((await call<Receipt>(service, self)).body).toEqual(body);
  });

  it("lists every row and every faulty field of it, if it is asked to", async () => {
    const { body } = await send(
      service,
      [
        trip({ source: "verdicts", trip_id: "a" }),
        trip({ source: "verdicts", trip_id: "bad", origin: [7.67, 131], started_at: "yesterday", duration_s: "1" }),
        trip({ source: "verdicts", trip_id: "a" }),
      ],
      { query: "verdicts=all" },
    );
    expect(body.verdicts).toEqual([
      { row: 1, trip_id: "a", verdict: "inserted", problems: [] },
      {
        row: 2,
        trip_id: "bad",
        verdict: "rejected",
        problems: expect.toSatisfy((problems: unknown[]) => problems.length === 3),
      },
      { row: 3, trip_id: "a", verdict: "duplicate", problems: [] },
    ]);
    expect(body.verdicts?.[1]?.problems).toEqual(
      expect.arrayContaining([
        { field: "origin", code: "out_of_range", detail: "latitude 131 is not within -90..90" },
        expect.objectContaining({ field: "started_at", code: "invalid_time" }),
        expect.objectContaining({ field: "duration_s", code: "wrong_type" }),
      ]),
    );
    expect((await call<Receipt>(service, `/v1/batches/${body.batch_id}`)).body.verdicts).toEqual(body.verdicts);
  });

  it("lists the first hundred rejects; the rest are kept all the same", async () => {
    const bad = Array.from({ length: 150 }, (_, i) => trip({ source: "many", trip_id: `b${i}`, origin: null }));
    const { body } = await send(service, [trip({ source: "many" }), ...bad]);
    expect([body.rejected, body.rejects.length, body.rejects.at(-1)?.row]).toEqual([150, 100, 101]);
    const [kept] = await service.sql`
      select count(*), max(row) as last, max(record::jsonb ->> 'trip_id') as record
      from tripgrid.rejected_rows where batch_id = ${body.batch_id}`;
    expect(kept).toEqual({ count: 150, last: 151, record: "b99" });
  });

  it("is a problem of status 422 if no row is a trip, and the rejected rows are kept", async () => {
    const { status, body } = await send<{ code: string; receipt: Receipt }>(service, [trip({ origin: [0, 91] })]);
    expect([status, body.code, ...counts(body.receipt)]).toEqual([422, "no_valid_rows", 1, 0, 0, 1]);
    expect((await call<Receipt>(service, `/v1/batches/${body.receipt.batch_id}`)).body).toEqual(body.receipt);
  });

  it("is a problem too if there are no rows at all", async () => {
    for (const body of ["[]", "source,started_at,origin\n"]) {
      const reply = await send<{ code: string; receipt: Receipt }>(service, body);
      expect([reply.status, reply.body.code, reply.body.receipt.received]).toEqual([422, "no_valid_rows", 0]);
    }
  });

  it("is not found under an id that no batch has", async () => {
    for (const id of ["0b9a7a1c-6f0e-4b57-9b1b-2d8a51a1f111", "nobody", "%00"]) {
      expect((await call(service, `/v1/batches/${id}`)).status).toBe(404);
    }
  });
});
