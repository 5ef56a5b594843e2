import type { Mapping } from "../mapping.ts";
import { mappingFrom } from "../mapping-definition.ts";
import { knownBy } from "./known-by.ts";

const known = (to: string) => ({ to, empty: [0] });
const zone = (to: string) => ({ to, lookup: "nyc-taxi-zones", empty: [264, 265] });
const miles = { to: "distance_m", unit: "mi" };

/** New York's yellow cabs: 2009, 2010 to 2014, 2015 to June 2016, and by zones since then. */
const yellow: readonly Mapping[] = [
  mappingFrom("nyc-yellow-2009", {
    columns: {
      ...{ Trip_Pickup_DateTime: "started_at", Trip_Dropoff_DateTime: "ended_at", Trip_Distance: miles },
      ...{ Start_Lon: known("origin_lon"), Start_Lat: known("origin_lat") },
      ...{ End_Lon: known("destination_lon"), End_Lat: known("destination_lat") },
    },
    constants: { source: "nyc-yellow" },
  }),
  knownBy(["trip_distance", "rate_code"], "nyc-yellow-2010", {
    columns: {
      ...{ vendor_id: "attributes.vendor_id", pickup_datetime: "started_at", dropoff_datetime: "ended_at" },
      ...{ trip_distance: miles, pickup_longitude: known("origin_lon"), pickup_latitude: known("origin_lat") },
      ...{ dropoff_longitude: known("destination_lon"), dropoff_latitude: known("destination_lat") },
    },
    constants: { source: "nyc-yellow" },
  }),
  mappingFrom("nyc-yellow-2015", {
    columns: {
      ...{ tpep_pickup_datetime: "started_at", tpep_dropoff_datetime: "ended_at", trip_distance: miles },
      ...{ pickup_longitude: known("origin_lon"), pickup_latitude: known("origin_lat") },
      ...{ dropoff_longitude: known("destination_lon"), dropoff_latitude: known("destination_lat") },
    },
    constants: { source: "nyc-yellow" },
  }),
  mappingFrom("nyc-yellow", {
    columns: {
      ...{ tpep_pickup_datetime: "started_at", tpep_dropoff_datetime: "ended_at", trip_distance: miles },
      ...{ PULocationID: zone("origin"), DOLocationID: zone("destination") },
    },
    constants: { source: "nyc-yellow" },
  }),
];

/** New York's green cabs until June 2016, and by zones since then. */
const green: readonly Mapping[] = [
  mappingFrom("nyc-green-2013", {
    columns: {
      ...{ lpep_pickup_datetime: "started_at", Lpep_dropoff_datetime: "ended_at", Trip_distance: miles },
      ...{ Pickup_longitude: known("origin_lon"), Pickup_latitude: known("origin_lat") },
      ...{ Dropoff_longitude: known("destination_lon"), Dropoff_latitude: known("destination_lat") },
    },
    constants: { source: "nyc-green" },
  }),
  mappingFrom("nyc-green", {
    columns: {
      ...{ lpep_pickup_datetime: "started_at", lpep_dropoff_datetime: "ended_at", trip_distance: miles },
      ...{ PULocationID: zone("origin"), DOLocationID: zone("destination") },
    },
    constants: { source: "nyc-green" },
  }),
];

/** For-hire vehicles of New York: columns changed with the years. Those of high volume have files of their own. */
const forHire: readonly Mapping[] = [
  knownBy(["Dispatching_base_num"], "nyc-fhv-2015", {
    columns: {
      ...{ Dispatching_base_num: "attributes.dispatching_base_num", Pickup_date: "started_at" },
      locationID: zone("origin"),
    },
    constants: { source: "nyc-fhv" },
  }),
  mappingFrom("nyc-fhv-2017", {
    columns: {
      ...{ Dispatching_base_num: "attributes.dispatching_base_num", Pickup_DateTime: "started_at" },
      ...{ DropOff_datetime: "ended_at", PUlocationID: zone("origin"), DOlocationID: zone("destination") },
    },
    constants: { source: "nyc-fhv" },
  }),
  knownBy(["dispatching_base_num"], "nyc-fhv-2019", {
    columns: {
      ...{ dispatching_base_num: "attributes.dispatching_base_num", pickup_datetime: "started_at" },
      ...{ dropoff_datetime: "ended_at", PULocationID: zone("origin"), DOLocationID: zone("destination") },
    },
    constants: { source: "nyc-fhv" },
  }),
  mappingFrom("nyc-fhv", {
    columns: {
      ...{ dispatching_base_num: "attributes.dispatching_base_num", pickup_datetime: "started_at" },
      ...{ dropOff_datetime: "ended_at", PUlocationID: zone("origin"), DOlocationID: zone("destination") },
    },
    constants: { source: "nyc-fhv" },
  }),
  knownBy(["hvfhs_license_num"], "nyc-fhvhv", {
    columns: {
      hvfhs_license_num: "attributes.hvfhs_license_num",
      ...{ dispatching_base_num: "attributes.dispatching_base_num", request_datetime: "booked_at" },
      ...{ pickup_datetime: "started_at", dropoff_datetime: "ended_at", trip_miles: miles, trip_time: "duration_s" },
      ...{ PULocationID: zone("origin"), DOLocationID: zone("destination") },
    },
    constants: { source: "nyc-fhvhv" },
  }),
];

const CHICAGO_TIMES = ["M/D/YYYY H:MM[:SS] A", "iso"];

/** Chicago's data by the names that its web service gives them: numbers are text there. */
const CHICAGO_WEB = {
  ...{ trip_id: "trip_id", trip_start_timestamp: "started_at", trip_end_timestamp: "ended_at" },
  ...{ trip_seconds: "duration_s", trip_miles: miles },
  ...{ pickup_centroid_latitude: "origin_lat", pickup_centroid_longitude: "origin_lon" },
  ...{ dropoff_centroid_latitude: "destination_lat", dropoff_centroid_longitude: "destination_lon" },
};

/** Chicago's taxis and transport network providers; centres of census tracts stand for places. */
const chicago: readonly Mapping[] = [
  mappingFrom("chicago-taxi", {
    columns: {
      ...{ "Trip ID": "trip_id", "Taxi ID": "driver_id", Company: "source" },
      ...{ "Trip Start Timestamp": "started_at", "Trip End Timestamp": "ended_at" },
      ...{ "Trip Seconds": "duration_s", "Trip Miles": miles },
      ...{ "Pickup Centroid Latitude": "origin_lat", "Pickup Centroid Longitude": "origin_lon" },
      ...{ "Dropoff Centroid Latitude": "destination_lat", "Dropoff Centroid Longitude": "destination_lon" },
    },
    fallbacks: { source: [{ constant: "chicago-taxi" }] },
    thousands: ",",
    time_formats: CHICAGO_TIMES,
  }),
  mappingFrom("chicago-tnp", {
    columns: {
      ...{ "Trip ID": "trip_id", "Trip Start Timestamp": "started_at", "Trip End Timestamp": "ended_at" },
      ...{ "Trip Seconds": "duration_s", "Trip Miles": miles, "Shared Trip Authorized": "attributes.shared" },
      ...{ "Pickup Centroid Latitude": "origin_lat", "Pickup Centroid Longitude": "origin_lon" },
      ...{ "Dropoff Centroid Latitude": "destination_lat", "Dropoff Centroid Longitude": "destination_lon" },
    },
    constants: { source: "chicago-tnp" },
    thousands: ",",
    time_formats: CHICAGO_TIMES,
  }),
  knownBy(["taxi_id"], "chicago-taxi-web", {
    columns: { ...CHICAGO_WEB, taxi_id: "driver_id", company: "source" },
    fallbacks: { source: [{ constant: "chicago-taxi" }] },
    text_values: true,
  }),
  knownBy(["shared_trip_authorized"], "chicago-tnp-web", {
    columns: { ...CHICAGO_WEB, shared_trip_authorized: "attributes.shared" },
    constants: { source: "chicago-tnp" },
    text_values: true,
  }),
];

/** Pickups of Uber in New York, January to June 2015, by zones. */
const uber2015 = knownBy(["Affiliated_base_num"], "uber-2015", {
  columns: {
    ...{ Dispatching_base_num: "attributes.dispatching_base_num", Pickup_date: "started_at" },
    ...{ Affiliated_base_num: "attributes.affiliated_base_num", locationID: zone("origin") },
  },
  constants: { source: "uber" },
});

/** Pickups of Uber in New York, April to September 2014. Equal rows may be different trips. */
const uber = mappingFrom("uber-2014", {
  columns: { "Date/Time": "started_at", Lat: "origin_lat", Lon: "origin_lon", Base: "attributes.base" },
  constants: { source: "uber" },
  time_formats: ["M/D/YYYY H:MM[:SS]", "YYYY/M/D H:MM[:SS]"],
});

/** Taxis of Porto: the way as points, and the start in seconds since 1970. */
const porto = mappingFrom("porto", {
  columns: {
    ...{ TRIP_ID: "trip_id", TAXI_ID: "driver_id", TIMESTAMP: "started_at" },
    POLYLINE: { to: "path", form: "lon_lat" },
  },
  constants: { source: "porto" },
  time_formats: ["unix"],
});

/** The formats of taxis and for-hire vehicles. */
export const taxis: readonly Mapping[] = [...yellow, ...green, ...forHire, ...chicago, uber, uber2015, porto];
