import { mappingFrom } from "./mapping-definition.ts";

/** Tripgrid's own format. `origin` and `destination` take points in any form, or two coordinate columns each. */
export const native = mappingFrom("native", {
  columns: {
    trip_id: { to: "trip_id", type: "text" },
    source: "source",
    region: "region",
    started_at: "started_at",
    ended_at: "ended_at",
    booked_at: "booked_at",
    duration_s: "duration_s",
    distance_m: "distance_m",
    origin: "origin",
    origin_lon: "origin_lon",
    origin_lat: "origin_lat",
    destination: "destination",
    destination_lon: "destination_lon",
    destination_lat: "destination_lat",
    driver_id: { to: "driver_id", type: "text" },
    rider_id: { to: "rider_id", type: "text" },
    vehicle_model: { to: "vehicle_model", type: "text" },
    attributes: "attributes",
  },
});
