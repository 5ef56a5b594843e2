import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { call, type Problem, sendNew, trip } from "../harness/api.ts";
import { startTestService, type TestService, useService } from "../harness/index.ts";

const SPREAD = 30_000;

describe("exports", () => {
  const service = useService();
  beforeAll(async () => {
    for (let first = 0; first < SPREAD; first += 10_000) {
      const some = Array.from({ length: 10_000 }, (_, i) => {
        const n = first + i;
        // In an order that has nothing to do with the places.
        const at = (n * 7919) % SPREAD;
        return trip({ trip_id: `t${n}`, origin: [-20 + (at % 200) * 0.2, 30 + Math.floor(at / 200) * 0.1] });
      });
      await sendNew(service, some);
    }
  });

  it("as GeoParquet let a reader of a box leave out most groups of rows", async () => {
    const reply = await fetch(`${service.url}/v1/export/trips?format=geoparquet`);
    const file = Uint8Array.from(Buffer.from(await reply.arrayBuffer())).buffer;
    const { row_groups } = parquetMetadata(file);
    expect(row_groups.length).toBeGreaterThan(2);
    const [west, south, east, north] = [-19.95, 30.05, -19, 30.45];
    let [read, groups, start] = [0, 0, 0];
    for (const { columns, num_rows } of row_groups) {
      const of = (path: string) =>
        columns.find(({ meta_data }) => meta_data?.path_in_schema.join(".") === path)?.meta_data?.statistics;
      const [low, high] = [Number(of("bbox.xmin")?.min_value), Number(of("bbox.xmax")?.max_value)];
      const [bottom, top] = [Number(of("bbox.ymin")?.min_value), Number(of("bbox.ymax")?.max_value)];
      const end = start + Number(num_rows);
      if (low <= east && high >= west && bottom <= north && top >= south) {
        groups++;
        const rows = await parquetReadObjects({ file, compressors, rowStart: start, rowEnd: end, columns: ["bbox"] });
        read += rows.filter(
          ({ bbox }) => bbox.xmin >= west && bbox.xmax <= east && bbox.ymin >= south && bbox.ymax <= north,
        ).length;
      }
      start = end;
    }
    expect(groups).toBeLessThan(row_groups.length);
    const { body } = await call<{ trips: number }>(service, `/v1/weekly-averages?bbox=${[west, south, east, north]}`);
    expect(read).toBe(body.trips);
    expect(read).toBeGreaterThan(0);
  });

  it("end with the client, and the next one gets the connection and the memory", async () => {
    for (let i = 0; i < 5; i++) {
      const leave = new AbortController();
      const reply = await fetch(`${service.url}/v1/export/trips?format=ndjson`, { signal: leave.signal });
      await reply.body?.getReader().read();
      leave.abort();
    }
    await vi.waitFor(() => expect(service.deps.room.held().answers).toBe(0), 30_000);
    const reply = await fetch(`${service.url}/v1/export/trips?format=ndjson`);
    expect((await reply.text()).trimEnd().split("\n")).toHaveLength(SPREAD);
    expect(service.deps.room.held().answers).toBe(0);
  });

  it.each([
    ["trips?format=xml", "format"],
    ["trips?limit=5", "limit"],
    ["trips?from=2018-05-05&to=2018-05-01", "from"],
    ["cells?precision=3", "precision"],
    ["cells?bbox=1,2,3", "bbox"],
    ["clusters?hours=25", "hours"],
  ])("%s is refused", async (path, field) => {
    const { status, body } = await call<Problem>(service, `/v1/export/${path}`);
    expect([status, body.errors?.[0]?.field]).toEqual([400, field]);
  });
});

describe("a source or region that does not exist", () => {
  const service = useService();
  beforeAll(() => sendNew(service, [trip({ trip_id: "a", source: "fleet", region: "Turin" })]));

  it.each([
    ["trips?source=flet", "fleet"],
    ["trips?region=Turn&format=geoparquet", "Turin"],
    ["cells?source=flet", "fleet"],
    ["cells?region=Turn&from=2018-05-01&to=2018-05-07", "Turin"],
  ])("%s is a 404 that names the nearest one", async (path, nearest) => {
    const { status, body } = await call<Problem>(service, `/v1/export/${path}`);
    expect([status, body.nearest]).toEqual([404, nearest]);
  });

  it("is told from one that has no trips in the window", async () => {
    for (const path of ["trips?source=fleet&to=2001-01-07", "cells?region=Turin&from=2001-01-01&to=2001-01-07"]) {
      const reply = await fetch(`${service.url}/v1/export/${path}&format=ndjson`);
      expect([reply.status, await reply.text()]).toEqual([200, ""]);
    }
  });
});

describe("where groups of few trips are withheld", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ minTrips: 5, exposeTrips: false });
    await sendNew(
      service,
      // Two cells with one parent: the larger one is withheld with the smaller one, whose trips are too few.
      [3, 6, 9].flatMap((count, place) =>
        Array.from({ length: count }, (_, i) =>
          trip({ trip_id: `${place}-${i}`, origin: [7.6 + place * 0.05, 45.05] }),
        ),
      ),
    );
  });
  afterAll(() => service?.stop());

  it("single trips are not exported", async () => {
    const { status, body } = await call(service, "/v1/export/trips");
    expect([status, body.code]).toEqual([403, "trip_access_disabled"]);
  });

  it("cells say that they are withheld, and not how many trips they have", async () => {
    const text = await (await fetch(`${service.url}/v1/export/cells?format=ndjson&precision=5`)).text();
    const rows = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { trips: number | null; withheld: boolean });
    expect(rows.map(({ trips }) => trips).sort()).toEqual([9, null, null]);
    expect(rows.filter(({ withheld }) => withheld).every((row) => !JSON.stringify(row).includes("3,"))).toBe(true);
  });
});
