import { describe, expect, it } from "vitest";
import type { ListedRegion } from "../../src/regions/region.ts";
import { call, callJson, send, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const find = async (name: string) =>
  (await call<{ regions: ListedRegion[] }>(service, "/v1/regions")).body.regions.find((one) => one.name === name);
const setZone = (name: string, time_zone: string) =>
  callJson(service, "PUT", `/v1/regions/${encodeURIComponent(name)}`, { time_zone });

describe("a region that is only named by a duplicate", () => {
  it("is not listed, and its time zone can be set", async () => {
    await sendNew(service, [trip({ trip_id: "a", region: "Real" })]);
    const { body } = await send(service, trip({ trip_id: "a", region: "Ghost" }));
    expect([body.inserted, body.duplicates]).toEqual([0, 1]);
    expect(await find("Ghost")).toBeUndefined();
    expect(await find("Real")).toMatchObject({ has_trips: true });
    expect((await setZone("Ghost", "Asia/Kolkata")).status).toBe(201);
    expect(await find("Ghost")).toMatchObject({ has_trips: false, time_zone: "Asia/Kolkata" });
  });

  it("keeps what is known of it, and its time zone can still be changed", async () => {
    await setZone("Prepared", "Asia/Kolkata");
    await sendNew(service, [trip({ trip_id: "b", region: "Real" })]);
    await send(service, trip({ trip_id: "b", region: "Prepared" }));
    expect(await find("Prepared")).toMatchObject({ has_trips: false, time_zone: "Asia/Kolkata" });
    expect((await setZone("Prepared", "Europe/Rome")).status).toBe(200);
  });

  it("is known as soon as a trip beside the duplicate is new", async () => {
    await sendNew(service, [trip({ trip_id: "c", region: "Real" })]);
    await send(
      service,
      ["c", "d"].map((trip_id) => trip({ trip_id, region: "Half" })),
    );
    expect(await find("Half")).toMatchObject({ has_trips: true });
    expect((await setZone("Half", "Asia/Kolkata")).status).toBe(409);
  });
});
