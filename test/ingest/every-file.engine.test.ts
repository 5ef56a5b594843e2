import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import type { SuggestedMapping } from "../../src/suggestions/suggestion.ts";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { parquetOf, workbookParts, zipOf } from "../containers/write-containers.ts";
import { call, type Problem, send } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { ask, ended, inboxOf, type Listed } from "../imports/import-files.ts";

const service = useService();

const put = <T = Record<string, unknown>>(path: string, body: string | Buffer, type = "application/json") =>
  call<T>(service, path, { method: "PUT", body: body as string, headers: { "content-type": type } });
const tripsOf = async (source: string) =>
  (await call<{ trips: StoredTrip[] }>(service, `/v1/trips?source=${source}`)).body.trips;
const csv = (source: string) =>
  `trip_id,source,started_at,origin_lon,origin_lat\n1,${source},2025-03-03 08:15,7.67,45.07\n`;
const rowsOf = (source: string) => [
  ["trip_id", "source", "started_at", "origin_lon", "origin_lat"],
  ["1", source, "2025-03-03 08:15", 7.67, 45.07],
];

describe("a text", () => {
  it("says in its receipt how it was read, also when it is asked for later", async () => {
    const text =
      "trip_id;source;region;started_at;origin_lon;origin_lat\nl1;latin;Montréal;2025-03-03 08:15;-73,56;45,5\n";
    const { status, body } = await send(service, Buffer.from(text, "latin1"));
    const format = { charset: "windows-1252", delimiter: ";", decimal: "," };
    expect({ status, body }).toMatchObject({ status: 200, body: { inserted: 1, format } });
    expect((await call<Receipt>(service, `/v1/batches/${body.batch_id}`)).body.format).toEqual(format);
    expect(await tripsOf("latin")).toMatchObject([{ region: "Montréal", origin: [-73.56, 45.5] }]);
  });

  it("that is queued is read alike, and resumed rows are counted in the text that is made of it", async () => {
    const rows = Array.from({ length: 12_000 }, (_, i) => `q${i};queued;Köln;2025-03-03 08:15;6,95;50,9\n`).join("");
    const text = `trip_id;source;region;started_at;origin_lon;origin_lat\n${rows}`;
    const { status, body } = await send(service, Buffer.from(`\uFEFF${text}`, "utf16le"), {
      headers: { prefer: "respond-async" },
    });
    expect(status).toBe(202);
    await expect
      .poll(async () => (await call<Receipt>(service, `/v1/batches/${body.batch_id}`)).body, { timeout: 60_000 })
      .toMatchObject({
        ...{ state: "committed", inserted: 12_000, rejected: 0 },
        format: { charset: "utf-16le", delimiter: ";", decimal: "," },
      });
  });

  it("with a bad byte loses that row alone, and names the byte", async () => {
    const good = (id: string) => `${id},bad,2025-03-03 08:15,7.67,45.07,ʷ\n`;
    const head = `trip_id,source,started_at,origin_lon,origin_lat,name\n${good("1")}`;
    const body = Buffer.concat([
      Buffer.from(`${head}2,bad,2025-03-03 08:15,7.67,45.07,`),
      Buffer.from([0xff, 0x0a]),
      Buffer.from(good("3")),
    ]);
    const reply = await send(service, body);
    const at = Buffer.byteLength(head) + "2,bad,2025-03-03 08:15,7.67,45.07,".length + 1;
    expect(reply.body).toMatchObject({ inserted: 2, rejected: 1, rejects: [{ row: 2, code: "invalid_text" }] });
    expect(reply.body.rejects[0]?.detail).toContain(`byte ${at} of the text is not UTF-8 (0xff)`);
  });

  it("may be an undeclared gzip", async () => {
    expect((await send(service, gzipSync(csv("undeclared")))).body).toMatchObject({ inserted: 1 });
  });

  it("is tried without being stored", async () => {
    const reply = await send<Record<string, unknown>>(service, `${csv("dry")}2,dry,never,7.67,45.07\n`, {
      query: "dry_run=true",
    });
    expect(reply).toMatchObject({ status: 200, body: { dry_run: true, received: 2, inserted: 1, rejected: 1 } });
    expect(reply.body).not.toHaveProperty("batch_id");
    // A source without trips is not known.
    expect((await call(service, "/v1/trips?source=dry")).status).toBe(404);
  });
});

describe("a body that is no text", () => {
  it.each<[string, () => Promise<Buffer> | Buffer]>([
    ["a ZIP", () => zipOf({ "202503-trips.csv": csv("zip") })],
    ["a workbook", () => zipOf(workbookParts(rowsOf("xlsx")))],
    [
      "a Parquet file",
      () =>
        parquetOf(
          rowsOf("parquet")[0]?.map((name, i) => ({ name: `${name}`, data: [rowsOf("parquet")[1]?.[i]] })) ?? [],
        ),
    ],
  ])("%s brings its trip", async (_, made) => {
    const file = await made();
    expect((await send(service, file)).body).toMatchObject({ received: 1, inserted: 1 });
    expect((await send(service, file, { query: "dry_run=true" })).body).toMatchObject({ inserted: 0, duplicates: 1 });
    expect((await send(service, file, { headers: { prefer: "respond-async" } })).status).toBe(202);
  });

  it("gives a receipt for each file of a ZIP", async () => {
    const file = await zipOf({ "a.csv": csv("many-a"), "b.csv": "x,y\n1,2\n", "c.ndjson": '{"source":"many-c"}\n' });
    const reply = await send<{ members: Record<string, unknown>[] }>(service, file);
    expect(reply.status).toBe(200);
    expect(reply.body.members).toMatchObject([
      { file: "a.csv", inserted: 1 },
      { file: "b.csv", error: { code: "no_mapping" } },
      { file: "c.ndjson", rejected: 1 },
    ]);
  });

  it.each<[string, Buffer | string, string, RegExp]>([
    ["a PDF", "%PDF-1.7", "application/pdf", /a PDF document/],
    ["a form", "--x\r\n", "multipart/form-data; boundary=x", /multipart form.*--data-binary/],
    ["a damaged ZIP", Buffer.from("PK\x03\x04xxxxxxxx"), "application/zip", /ZIP that cannot be read/],
  ])("is refused if it is %s", async (_, body, type, detail) => {
    const reply = await send<Problem>(service, body, { type });
    expect(reply).toMatchObject({
      status: 415,
      body: { code: "unsupported_file", detail: expect.stringMatching(detail) },
    });
  });
});

describe("a lookup", () => {
  const stations = "station_id,lat,lon\n280,60.2,25.1\n094,60.18,24.8\n";
  const rows =
    "Departure,Return,Departure station id,Return station id\n2021-06-30T23:59:02,2021-07-01T00:04:05,280,094\n2021-06-30T23:59:02,2021-07-01T00:04:05,94,280\n";

  it("is asked for by name, and gives rows their places", async () => {
    const missing = await send<Problem>(service, rows);
    expect(missing).toMatchObject({
      status: 422,
      body: { code: "missing_lookup", detail: /PUT \/v1\/lookups\/helsinki-stations/ },
    });
    const made = await put("/v1/lookups/helsinki-stations", stations, "text/csv");
    expect(made).toMatchObject({ status: 201, body: { name: "helsinki-stations", places: 2 } });
    const { body } = await send(service, rows);
    expect(body).toMatchObject({
      mapping: "helsinki",
      inserted: 1,
      rejects: [{ row: 2, field: "Departure station id" }],
    });
    expect(await tripsOf("helsinki")).toMatchObject([{ origin: [25.1, 60.2], destination: [24.8, 60.18] }]);
  });

  it("comes as GBFS and as areas too", async () => {
    const gbfs = { data: { stations: [{ station_id: "1", name: "A", lat: 45, lon: 7 }] } };
    expect((await put("/v1/lookups/gbfs", JSON.stringify(gbfs))).status).toBe(201);
    const square = [
      [
        [0, 0],
        [2, 0],
        [2, 2],
        [0, 2],
        [0, 0],
      ],
    ];
    const area = (LocationID: number, coordinates: unknown) => ({
      ...{ type: "Feature", properties: { LocationID, zone: "A" } },
      geometry: { type: "Polygon", coordinates },
    });
    const zones = { type: "FeatureCollection", features: [area(4, square)] };
    expect((await put("/v1/lookups/zones", JSON.stringify(zones))).status).toBe(201);
    const found = await call<{ points: Record<string, number[]> }>(service, "/v1/lookups/zones");
    expect(found.body.points["4"]).toEqual([1, 1]);
    const listed = await call<{ lookups: { name: string }[] }>(service, "/v1/lookups");
    expect(listed.body.lookups.map(({ name }) => name)).toContain("gbfs");
    expect((await call(service, "/v1/lookups/gbfs", { method: "DELETE" })).status).toBe(204);
    expect((await call(service, "/v1/lookups/gbfs")).status).toBe(404);
  });

  it.each([
    ["without coordinates", "id,name\n1,A\n", "invalid_csv"],
    ["with a place beyond the pole", "id,lat,lon\n1,99,7\n", "invalid_body"],
    ["with two places of one id", "id,lat,lon\n1,45,7\n1,46,7\n", "invalid_body"],
    ["without places", "id,lat,lon\n", "invalid_body"],
    ["of another kind", '{"type":"Point","coordinates":[1,2]}', "invalid_body"],
  ])("%s is refused", async (_, body, code) => {
    expect((await put<Problem>("/v1/lookups/wrong", body)).body).toMatchObject({ status: 400, code });
  });
});

describe("a suggestion over HTTP", () => {
  it("reads its own file", async () => {
    const rows =
      "Beginn;Ende;start_lat;start_lon;Preis\n13.01.2025 08:15;13.01.2025 08:30;45,07;7,67;1,5\n02.01.2025 08:15;;45,07;7,67;2,5\n";
    const text = rows.replace("Beginn", "start_time").replace("Ende", "end_time");
    const { status, body } = await call<SuggestedMapping>(service, "/v1/mappings/suggest?source=preise", {
      method: "POST",
      body: text,
    });
    expect({ status, body }).toMatchObject({
      ...{ status: 200 },
      body: { format: { delimiter: ";", decimal: "," }, trial: { rows: 2, trips: 2, rejected: 0, equal: 0 } },
    });
    expect((await put("/v1/mappings/preise", JSON.stringify(body.mapping))).status).toBe(201);
    expect((await send(service, text, { query: "mapping=preise" })).body).toMatchObject({ inserted: 2 });
    expect((await tripsOf("preise")).map(({ local_time }) => local_time.slice(0, 10)).sort()).toEqual([
      "2025-01-02",
      "2025-01-13",
    ]);
  });
});

describe("an import", () => {
  it("of a ZIP is one for each of its files", async () => {
    await writeFile(join(inboxOf(service), "many.zip"), await zipOf({ "a.csv": csv("in-a"), "b/c.csv": csv("in-c") }));
    const { body } = await ask<Listed & { members: Listed[] }>(service, "many.zip");
    expect(body.members.map(({ file }) => file)).toEqual(["many.zip/a.csv", "many.zip/b/c.csv"]);
    for (const member of body.members)
      expect(await ended(service, member.import_id)).toMatchObject({ state: "committed", inserted: 1 });
    // The same table in another file is known.
    await writeFile(join(inboxOf(service), "alone.csv"), csv("in-a"));
    expect((await ask(service, "alone.csv")).body).toMatchObject({ already_imported: true });
  });

  it("takes equal rows for different trips with identity=row", async () => {
    const row = "equal,2025-03-03 08:15,7.67,45.07\n";
    await writeFile(join(inboxOf(service), "equal.csv"), `source,started_at,origin_lon,origin_lat\n${row.repeat(3)}`);
    const taken = await ask(service, "equal.csv", { identity: "row" });
    expect(await ended(service, taken.body.import_id)).toMatchObject({ inserted: 3, duplicates: 0 });
  });

  it("stops where none of the first rows is a trip", async () => {
    const rows = "a,s,yesterday,7.67,45.07\n".repeat(30_000);
    await writeFile(join(inboxOf(service), "hopeless.csv"), `trip_id,source,started_at,origin_lon,origin_lat\n${rows}`);
    const taken = await ask(service, "hopeless.csv");
    const one = await ended(service, taken.body.import_id);
    expect(one).toMatchObject({ state: "failed", inserted: 0, error: { code: "no_valid_rows" } });
    expect(one.rejected).toBeLessThan(10_000);
    expect(one.error?.detail).toMatch(/first \d+ rows is a trip.*started_at.*yesterday/);
  });

  it("of what holds no rows fails, and says what it is", async () => {
    await writeFile(join(inboxOf(service), "page.csv"), "<!doctype html><html><body>Login</body></html>");
    const { body } = await ask(service, "page.csv");
    expect(body).toMatchObject({
      state: "failed",
      error: { code: "unsupported_file", detail: /The file is a web page/ },
    });
  });
});
