import type { Mapping } from "../../mapping.ts";

/** Bookings of the XRides fleet. */
export const xrides: Mapping = {
  name: "xrides",
  columns: {
    booking_id: { to: "trip_id", type: "integer" },
    user_id: { to: "rider_id", type: "integer" },
    vehicle_model_id: { to: "vehicle_model", type: "integer" },
    package_id: { to: "attributes.package_id", type: "integer" },
    travel_type_id: { to: "attributes.travel_type_id", type: "integer" },
    from_area_id: { to: "attributes.from_area_id", type: "integer" },
    to_area_id: { to: "attributes.to_area_id", type: "integer" },
    from_city_id: { to: "attributes.from_city_id", type: "integer" },
    to_city_id: { to: "attributes.to_city_id", type: "integer" },
    from_date: { to: "started_at", type: "time" },
    to_date: { to: "ended_at", type: "time" },
    online_booking: { to: "attributes.online_booking", type: "integer" },
    mobile_site_booking: { to: "attributes.mobile_site_booking", type: "integer" },
    booking_created: { to: "booked_at", type: "time" },
    from_lat: { to: "origin_lat", type: "number" },
    from_long: { to: "origin_lon", type: "number" },
    to_lat: { to: "destination_lat", type: "number" },
    to_long: { to: "destination_lon", type: "number" },
    driver_id: { to: "driver_id", type: "integer" },
  },
  constants: { source: "xrides" },
  timeFormats: ["M/D/YYYY H:MM[:SS]"],
  otherColumns: "attributes",
};
