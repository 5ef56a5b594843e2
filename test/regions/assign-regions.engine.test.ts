import { expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService({ assignRegions: true });

it("a trip without a region gets the one whose boundary alone holds its origin", async () => {
  for (const [name, west, east] of [
    ["West", 7, 8],
    ["Both", 7.5, 8.5],
  ] as const) {
    await callJson(service, "PUT", `/v1/regions/${name}?time_zone=Asia/Kolkata`, polygon(corners(west, 45, east, 46)));
  }
  const at = { west: 7.2, both: 7.7, east: 8.2, none: 9.5 };
  const started_at = "2018-05-21T22:00:00Z";
  await sendNew(service, [
    ...Object.entries(at).map(([trip_id, lon]) => trip({ source: "s", trip_id, started_at, origin: [lon, 45.5] })),
    trip({ source: "s", trip_id: "named", region: "Named", started_at, origin: [at.west, 45.5] }),
  ]);
  const stored = async (id: string) => (await call<StoredTrip>(service, `/v1/trips/s/${id}`)).body;
  const regions = await Promise.all([...Object.keys(at), "named"].map(async (id) => (await stored(id)).region));
  expect(regions).toEqual(["West", null, "Both", null, "Named"]);
  expect((await stored("west")).local_time).toBe("2018-05-22T03:30:00");
});
