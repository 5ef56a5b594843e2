import type { Mapping } from "../../mapping.ts";

/** Tripgrid's own form. Points in any form in `origin` and `destination`, or as coordinates in two columns each. */
export const native: Mapping = {
  name: "native",
  columns: {
    trip_id: { to: "trip_id", type: "text" },
    source: { to: "source", type: "text" },
    region: { to: "region", type: "text" },
    started_at: { to: "started_at", type: "time" },
    ended_at: { to: "ended_at", type: "time" },
    booked_at: { to: "booked_at", type: "time" },
    duration_s: { to: "duration_s", type: "number" },
    distance_m: { to: "distance_m", type: "number" },
    origin: { to: "origin", type: "point" },
    origin_lon: { to: "origin_lon", type: "number" },
    origin_lat: { to: "origin_lat", type: "number" },
    destination: { to: "destination", type: "point" },
    destination_lon: { to: "destination_lon", type: "number" },
    destination_lat: { to: "destination_lat", type: "number" },
    driver_id: { to: "driver_id", type: "text" },
    rider_id: { to: "rider_id", type: "text" },
    vehicle_model: { to: "vehicle_model", type: "text" },
    attributes: { to: "attributes", type: "object" },
  },
  constants: {},
  timeFormats: ["iso"],
  otherColumns: "attributes",
};
