import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { readTile, tileAt } from "../tiles/read-tile.ts";
import { as, makeKey } from "./support.ts";

const service = useService();
const ALL = ["ingest", "read", "trips"] as const;
const mine = (more: object) => trip({ source: "mine", region: "Turin", ...more });
const other = (more: object) => trip({ source: "other", region: "Prague", ...more });

let all: ReturnType<typeof as>;
let bound: ReturnType<typeof as>;
let inTurin: ReturnType<typeof as>;
let ingester: ReturnType<typeof as>;
let othersBatch: string;
let allKey: string;
let boundKey: string;

beforeAll(async () => {
  allKey = (await makeKey(service, [...ALL, "admin"], { name: "all" })).key;
  boundKey = (await makeKey(service, [...ALL, "admin"], { name: "bound", source: "mine" })).key;
  all = as(service, allKey);
  bound = as(service, boundKey);
  inTurin = as(service, (await makeKey(service, [...ALL], { name: "turin", region: "Turin" })).key);
  ingester = as(service, (await makeKey(service, ["ingest"], { name: "ingester" })).key);
  await bound.post("/v1/trips", [mine({ trip_id: "m1" }), mine({ trip_id: "m2", origin: [7.68, 45.06] })]);
  const sent = await all.post<Receipt>("/v1/trips", [
    other({ trip_id: "o1" }),
    other({ trip_id: "o2" }),
    { source: "other" },
  ]);
  expect(sent.body).toMatchObject({ inserted: 2, rejected: 1 });
  othersBatch = sent.body.batch_id;
});

describe("a key that is bound to a source", () => {
  it("writes trips of this source only: others are rejected by their source, also when they are mended", async () => {
    const { body } = await bound.post<Receipt>("/v1/trips", [
      mine({ trip_id: "m3" }),
      other({ trip_id: "x" }),
      { origin: 1 },
    ]);
    expect(body).toMatchObject({ inserted: 1, rejected: 2 });
    expect(body.rejects[0]).toMatchObject({ row: 2, field: "source", code: "not_permitted" });
    const mended = { row: 2, ...other({ trip_id: "x" }) };
    const path = `/v1/batches/${body.batch_id}/rejects`;
    const again = await bound.post<Receipt & { mended: object }>(path, [
      mended,
      { row: 3, ...mine({ trip_id: "m4" }) },
    ]);
    expect(again.body.mended).toMatchObject({ inserted: 1, rejected: 1 });
    expect((await all.get("/v1/trips/other/x")).status).toBe(404);
  });

  it("also where the rows follow the reply", async () => {
    const sent = await bound.post<Receipt>("/v1/trips", [mine({ trip_id: "a1" }), other({ trip_id: "a2" })], {
      prefer: "respond-async",
    });
    expect(sent.status).toBe(202);
    const events = await fetch(`${service.url}/v1/batches/${sent.body.batch_id}/events`, {
      headers: { authorization: `Bearer ${service.ownKey}` },
    });
    expect(await events.text()).toContain("event: committed");
    const { body } = await bound.get<Receipt>(`/v1/batches/${sent.body.batch_id}`);
    expect(body).toMatchObject({ state: "committed", inserted: 1, rejected: 1 });
    expect(body.rejects[0]).toMatchObject({ field: "source", code: "not_permitted" });
  });

  it("reads and counts this source only", async () => {
    const listed = await bound.get<{ trips: { source: string }[] }>("/v1/trips?limit=1000");
    expect(new Set(listed.body.trips.map(({ source }) => source))).toEqual(new Set(["mine"]));
    const counts = await bound.get<{ counts: object[] }>("/v1/trips/count?by=source");
    expect(counts.body.counts).toEqual([{ source: "mine", trips: listed.body.trips.length }]);
    const total = listed.body.trips.length;
    const area = {
      type: "Polygon",
      coordinates: [
        [
          [7, 44],
          [9, 44],
          [9, 46],
          [7, 46],
          [7, 44],
        ],
      ],
    };
    for (const answer of [
      await bound.get<{ trips: number }>("/v1/weekly-averages?bbox=7,44,9,46"),
      await bound.post<{ trips: number }>("/v1/weekly-averages", { area }),
    ]) {
      expect(answer.body.trips).toBe(total);
    }
    const regions = await bound.get<{ regions: { region: string }[] }>("/v1/weekly-averages/by-region");
    expect(regions.body.regions.map(({ region }) => region)).toEqual(["Turin"]);
    for (const reply of [
      await bound.get<{ trips: number }>("/v1/clusters"),
      await bound.post<{ trips: number }>("/v1/clusters", { area }),
    ]) {
      expect(reply.body.trips).toBe(total);
    }
    const query = {
      by: ["source"],
      where: { or: [{ source: "other" }, { source: "mine" }, { not: { source: "mine" } }] },
    };
    const asked = await bound.post<{ rows: object[] }>("/v1/query", query);
    expect(asked.body.rows).toEqual([{ source: "mine", trips: total }]);
  });

  it("exports and draws this source only", async () => {
    const { trips: total } = (await bound.get<{ trips: number }>("/v1/weekly-averages")).body;
    const exported = await bound.get<{ features: { properties: { source: string } }[] }>(
      "/v1/export/trips?format=geojson",
    );
    expect(exported.body.features.map(({ properties }) => properties.source)).toEqual(Array(total).fill("mine"));
    const cells = await bound.get<{ features: { properties: { trips: number } }[] }>("/v1/export/cells?format=geojson");
    expect(cells.body.features.reduce((sum, { properties }) => sum + properties.trips, 0)).toBe(total);
    const tile = tileAt(7.67, 45.05, 4).join("/");
    const drawn = async (key: string) => {
      const { features } = await readTile(service, `cells/${tile}`, { authorization: `Bearer ${key}` });
      return features.reduce((sum, { properties }) => sum + Number(properties.trips), 0);
    };
    // The same address, one after the other: what is remembered of a tile is remembered for each bound.
    expect([await drawn(allKey), await drawn(boundKey)]).toEqual([total + 2, total]);
  });

  it.each([
    "/v1/trips?source=other",
    "/v1/trips/other/o1",
    "/v1/trips/count?by=week&source=other",
    "/v1/weekly-averages?source=other",
    "/v1/weekly-averages/by-region?source=other",
    "/v1/clusters?source=other",
    "/v1/export/trips?source=other",
    "/v1/export/cells?source=other",
    "/v1/export/clusters?source=other",
    "/tiles/cells/9/266/183?source=other",
    "/tiles/regions/9/266/183?source=other",
  ])("is refused %s", async (path) => {
    const reply = await bound.get(path);
    expect([reply.status, reply.body.code]).toEqual([403, "bound_credential"]);
  });

  it("is told the whole world as the place of tiles, since the extent is that of everybody's trips", async () => {
    type Places = { bounds: number[] } & { boundingBox: { lowerLeft: number[]; upperRight: number[] } };
    const west = async ({ get }: typeof all, layer: string) => [
      (await get<Places>(`/tiles/${layer}`)).body.bounds[0],
      (await get<Places>(`/ogc/tiles/${layer}`)).body.boundingBox.lowerLeft[0],
    ];
    // A refresh of the service's own may be under way, beside which this one does nothing.
    await vi.waitFor(
      async () => {
        await refreshRollups(service.sql, service.prepared.engine);
        await refreshTotals(service.sql, service.prepared.engine, true);
        expect((await west(all, "cells"))[0]).toBeGreaterThan(0);
      },
      { timeout: 30_000, interval: 200 },
    );
    for (const layer of ["cells", "clusters", "regions", "trips"]) {
      expect(await west(bound, layer)).toEqual([-180, -180]);
      for (const place of await west(all, layer)) expect(place).toBeGreaterThan(0);
    }
    for (const layer of ["cells", "clusters", "trips"]) expect(await west(inTurin, layer)).toEqual([-180, -180]);
  });

  it("corrects and cancels trips of this source only", async () => {
    const body = { started_at: "2018-05-21T08:00:00", origin: [7.67, 45.05] };
    expect((await bound.put("/v1/trips/other/o1", body)).body.code).toBe("bound_credential");
    expect((await bound.delete("/v1/trips/other/o1")).body.code).toBe("bound_credential");
    expect((await all.get("/v1/trips/other/o1")).status).toBe(200);
    expect((await bound.put("/v1/trips/mine/m1", body)).status).toBe(200);
    expect((await bound.put("/v1/trips/mine/m1", { ...body, source: "other" })).status).toBe(400);
  });

  it("does not manage what belongs to all, even with the scope for it", async () => {
    for (const [method, path] of [
      ["GET", "/v1/keys"],
      ["POST", "/v1/keys"],
      ["GET", "/v1/users"],
      ["PUT", "/v1/regions/Turin"],
      ["PUT", "/v1/mappings/own"],
      ["POST", "/v1/rollups/rebuild"],
      ["GET", "/v1/imports"],
      ["POST", "/v1/imports?file=a.csv"],
      ["GET", "/metrics"],
    ] as const) {
      const reply = await bound.ask(method, path, method === "GET" ? undefined : {});
      expect([path, reply.status, reply.body.code]).toEqual([path, 403, "bound_credential"]);
    }
  });
});

describe("a key that is bound to a region", () => {
  it("reads and writes trips of this region only", async () => {
    const { body } = await inTurin.post<Receipt>("/v1/trips", [
      trip({ trip_id: "r1", source: "third", region: "Turin" }),
      trip({ trip_id: "r2", source: "third" }),
      trip({ trip_id: "r3", source: "third", region: "Prague" }),
    ]);
    expect(body).toMatchObject({ inserted: 1, rejected: 2 });
    const listed = await inTurin.get<{ trips: { region: string }[] }>("/v1/trips?limit=1000");
    expect(new Set(listed.body.trips.map(({ region }) => region))).toEqual(new Set(["Turin"]));
    expect((await inTurin.get("/v1/trips/other/o1")).status).toBe(404);
    expect((await inTurin.get("/v1/trips/third/r1")).status).toBe(200);
    expect((await inTurin.get("/v1/weekly-averages?region=Prague")).body.code).toBe("bound_credential");
    expect((await inTurin.delete("/v1/trips/third/r1")).body.code).toBe("bound_credential");
    const asked = await inTurin.post<{ rows: object[] }>("/v1/query", { by: ["region"] });
    expect(asked.body.rows).toEqual([{ region: "Turin", trips: listed.body.trips.length }]);
  });
});

describe("what another owner has sent", () => {
  it("is not there for a bound key, nor for one that may send only", async () => {
    for (const caller of [bound, inTurin, ingester]) {
      for (const path of ["", "/rejects", "/events"]) {
        expect((await caller.get(`/v1/batches/${othersBatch}${path}`)).status).toBe(404);
      }
      const mended = { row: 3, ...mine({ trip_id: "stolen" }) };
      expect((await caller.post(`/v1/batches/${othersBatch}/rejects`, [mended])).status).toBe(404);
    }
    expect((await all.get(`/v1/batches/${othersBatch}`)).status).toBe(200);
  });

  it("does not come by the events of all batches", async () => {
    const headers = { authorization: `Bearer ${(await makeKey(service, ["ingest"], { source: "mine" })).key}` };
    const stream = await fetch(`${service.url}/v1/events`, { headers });
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    const theirs = await all.post<Receipt>("/v1/trips", [other({ trip_id: "e1" })]);
    const own = await bound.post<Receipt>("/v1/trips", [mine({ trip_id: "e2" })]);
    let text = "";
    while (!text.includes(own.body.batch_id)) {
      const { done, value } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    await reader.cancel();
    expect(text).toContain(own.body.batch_id);
    expect(text).not.toContain(theirs.body.batch_id);
  });

  it("is not given for its idempotency key, which is another key here", async () => {
    const body = [mine({ trip_id: "k1" })];
    const header = { "idempotency-key": "one" };
    const first = await all.post<Receipt>("/v1/trips", body, header);
    const second = await bound.post<Receipt>("/v1/trips", body, header);
    expect(second.body.batch_id).not.toBe(first.body.batch_id);
    expect(second.body).toMatchObject({ inserted: 0, duplicates: 1 });
    expect((await all.post<Receipt>("/v1/trips", body, header)).body.batch_id).toBe(first.body.batch_id);
  });

  it("is a saved query that only its owner and an administrator change, and that answers each caller for itself", async () => {
    const reader = as(service, (await makeKey(service, ["read"], { name: "reader" })).key);
    expect((await reader.put("/v1/queries/by-source", { by: ["source"] })).status).toBe(201);
    expect((await bound.put("/v1/queries/by-source", {})).body.code).toBe("name_taken");
    expect((await bound.get("/v1/queries/by-source")).status).toBe(404);
    expect((await bound.delete("/v1/queries/by-source")).status).toBe(404);
    expect((await bound.put("/v1/queries/own", { by: ["source"] })).status).toBe(201);
    const own = await bound.get<{ rows: { source: string }[] }>("/v1/queries/own/result");
    expect(own.body.rows.map(({ source }) => source)).toEqual(["mine"]);
    expect((await all.put("/v1/queries/by-source", {})).status).toBe(200);
    expect((await reader.delete("/v1/queries/by-source")).status).toBe(204);
  });
});
