import { beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../src/alerts/alert.ts";
import { as, makeKey } from "../auth/support.ts";
import { seen } from "../detections/send-detections.ts";
import { call, callJson, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { openEvents } from "./events-of.ts";

const service = useService();
beforeEach(async () => {
  await service.sql`delete from tripgrid.alerts`;
});

const alerted = async () => {
  const rows = await service.sql<{ id: string }[]>`select about ->> 'trip_id' as id from tripgrid.alerts order by 1`;
  return rows.map(({ id }) => id);
};
const ALL = { on: "trips", where: { source: { in: ["put", "zone", "undo", "shown"] } } };

describe("a trip that was stored before raises no alert again", () => {
  beforeEach(async () => {
    await callJson(service, "PUT", "/v1/alert-rules/all", ALL);
  });

  it("when it is corrected or moved by PUT, while a new one does", async () => {
    const put = (id: string, more: object = {}) =>
      callJson(service, "PUT", `/v1/trips/put/${id}`, trip({ source: "put", trip_id: id, ...more }));
    expect((await put("a")).status).toBe(201);
    expect((await put("a", { duration_s: 77 })).status).toBe(200);
    expect((await put("a", { duration_s: 78, started_at: "2018-05-29T10:00:00" })).status).toBe(200);
    expect(await alerted()).toEqual(["a"]);
  });

  it("when it moves with the time zone of its region", async () => {
    const region = (query: string) => callJson(service, "PUT", `/v1/regions/Moved${query}`, {});
    await region("?time_zone=Europe/Rome");
    await sendNew(service, [
      trip({ source: "zone", trip_id: "z", region: "Moved", started_at: "2022-05-01T12:00:00Z" }),
    ]);
    expect((await region("?time_zone=Asia/Kolkata&recompute=true")).status).toBe(200);
    const local = async () => (await call<{ local_time: string }>(service, "/v1/trips/zone/z")).body.local_time;
    await expect.poll(local, { timeout: 60_000 }).toBe("2022-05-01T17:30:00");
    expect(await alerted()).toEqual(["z"]);
  });

  it("when its copy takes the place of the one whose batch is undone", async () => {
    const first = await sendNew(service, [trip({ source: "undo", trip_id: "u", n: 1 })]);
    const copy = await callJson<{ duplicates: number }>(service, "POST", "/v1/trips", [
      trip({ source: "undo", trip_id: "u", n: 2 }),
    ]);
    expect(copy.body.duplicates).toBe(1);
    await call(service, `/v1/batches/${first.batch_id}`, { method: "DELETE" });
    const kept = async () => (await call<{ attributes: object }>(service, "/v1/trips/undo/u")).body.attributes;
    await expect.poll(kept, { timeout: 60_000 }).toMatchObject({ n: 2 });
    expect(await alerted()).toEqual(["u"]);
  });
});

describe("alerts about trips", () => {
  it("are shown to credentials with the scope trips only, in the list and in the streams", async () => {
    await callJson(service, "PUT", "/v1/alert-rules/all", ALL);
    await callJson(service, "PUT", "/v1/alert-rules/suvs", { on: "detections", where: { category: "SUV" } });
    const own = as(service, service.ownKey);
    const reader = (await makeKey(service, ["read"])).key;
    const full = (await makeKey(service, ["read", "trips"])).key;
    const follow = (key: string, path: string) => openEvents(service, "0", path, key);
    const few = [await follow(reader, "/v1/alerts"), await follow(reader, "/alerts")];
    const all = [await follow(full, "/v1/alerts"), await follow(full, "/alerts")];
    for (const id of ["a", "b"]) {
      await own.post("/v1/trips", [trip({ source: "shown", trip_id: id })]);
      await own.post("/v1/detections", seen({ Model: id }));
    }
    const shown = (alerts: readonly Alert[]) =>
      alerts.map(({ detection, trip: one }) => detection?.Model ?? `trip ${one?.trip_id}`);
    for (const stream of all) {
      await expect
        .poll(() => shown(stream.events.map(({ data }) => data)), { timeout: 60_000 })
        .toEqual(["trip a", "a", "trip b", "b"]);
    }
    for (const stream of few) {
      await expect.poll(() => shown(stream.events.map(({ data }) => data)), { timeout: 60_000 }).toEqual(["a", "b"]);
    }
    // One that returns with an id gets pages, which pass over trips too.
    const resumed = await openEvents(service, few[0]?.events[0]?.id, "/v1/alerts", reader);
    await expect.poll(() => shown(resumed.events.map(({ data }) => data)), { timeout: 60_000 }).toEqual(["b"]);
    for (const stream of [...few, ...all, resumed]) stream.close();
    const listed = async (key: string, query = "") =>
      shown((await as(service, key).get<{ alerts: Alert[] }>(`/v1/alerts?${query}`)).body.alerts);
    expect(await listed(full)).toEqual(["b", "trip b", "a", "trip a"]);
    expect(await listed(reader)).toEqual(["b", "a"]);
    expect(await listed(reader, "limit=1")).toEqual(["b"]);
    expect(await listed(reader, "rule=all")).toEqual([]);
  });
});
