import { mappingFrom } from "./mapping-definition.ts";

/** Bookings of the XRides fleet. */
export const xrides = mappingFrom("xrides", {
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
    from_date: "started_at",
    to_date: "ended_at",
    online_booking: { to: "attributes.online_booking", type: "integer" },
    mobile_site_booking: { to: "attributes.mobile_site_booking", type: "integer" },
    booking_created: "booked_at",
    from_lat: "origin_lat",
    from_long: "origin_lon",
    to_lat: "destination_lat",
    to_long: "destination_lon",
    driver_id: { to: "driver_id", type: "integer" },
  },
  constants: { source: "xrides" },
  time_formats: ["M/D/YYYY H:MM[:SS]"],
});
