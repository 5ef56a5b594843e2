import type { Mapping } from "../mapping.ts";
import { mappingFrom } from "../mapping-definition.ts";

const about = {
  ...{ trip_id: "trip_id", provider_id: "attributes.provider_id", device_id: "attributes.device_id" },
  vehicle_type: "vehicle_model",
};

/**
 * Trips of the Mobility Data Specification 1.x, in their envelope or as an array. The ends of the route are those of
 * the trip; providers round their own distance.
 */
const mds1 = mappingFrom("mds-1", {
  columns: {
    ...{ ...about, provider_name: "source", start_time: "started_at", end_time: "ended_at" },
    ...{ trip_duration: "duration_s", trip_distance: "distance_m", route: "path" },
  },
  fallbacks: { source: ["provider_id"] },
  time_formats: ["unix_ms"],
});

/** Trips of the Mobility Data Specification 2.x, in their envelope or as an array. */
const mds2 = mappingFrom("mds-2", {
  columns: {
    ...{ ...about, provider_name: "source", start_time: "started_at", end_time: "ended_at" },
    ...{ duration: "duration_s", distance: "distance_m" },
    ...{ "start_location.lat": "origin_lat", "start_location.lng": "origin_lon" },
    ...{ "end_location.lat": "destination_lat", "end_location.lng": "destination_lon" },
  },
  fallbacks: { source: ["provider_id"] },
  time_formats: ["unix_ms"],
});

/** The formats of shared vehicles. */
export const mds: readonly Mapping[] = [mds1, mds2];
