import type { Mapping } from "../mapping.ts";
import { type MappingDefinition, mappingFrom } from "../mapping-definition.ts";
import { bikesByStation } from "./bikes-by-station.ts";

/** A format of several systems: the request names the source of its rows. */
const shared = (name: string, definition: MappingDefinition): Mapping => ({
  ...mappingFrom(name, { ...definition, constants: { source: name, ...definition.constants } }),
  constants: {},
  asksSource: true,
});

/** Coordinates of 0 mean that a place is not known. */
const known = (to: string) => ({ to, empty: [0] });

/** Citi Bike, Divvy, Bluebikes, Capital Bikeshare, Bay Wheels and others that Lyft runs, since 2020. */
const lyft = shared("lyft", {
  columns: {
    ...{ ride_id: "trip_id", rideable_type: "vehicle_model", started_at: "started_at", ended_at: "ended_at" },
    ...{ start_lat: known("origin_lat"), start_lng: known("origin_lon") },
    ...{ end_lat: known("destination_lat"), end_lng: known("destination_lon") },
  },
});

const OLD_TIMES = ["iso", "M/D/YYYY H:MM[:SS]"];
const NO_VALUE = ["NULL", "\\N"];

/** The same systems before 2020: Citi Bike and Bluebikes, with columns in lower case. */
const lyftOld = shared("lyft-2013", {
  columns: {
    ...{ starttime: "started_at", stoptime: "ended_at", tripduration: "duration_s", bikeid: "attributes.bikeid" },
    ...{ "start station latitude": known("origin_lat"), "start station longitude": known("origin_lon") },
    ...{ "end station latitude": known("destination_lat"), "end station longitude": known("destination_lon") },
  },
  time_formats: OLD_TIMES,
  empty: NO_VALUE,
});

/** Citi Bike for some months of 2016 and 2017, with columns in title case. */
const lyftTitle = shared("lyft-2016", {
  columns: {
    ...{ "Start Time": "started_at", "Stop Time": "ended_at", "Trip Duration": "duration_s" },
    ...{ "Start Station Latitude": known("origin_lat"), "Start Station Longitude": known("origin_lon") },
    ...{ "End Station Latitude": known("destination_lat"), "End Station Longitude": known("destination_lon") },
  },
  time_formats: OLD_TIMES,
  empty: NO_VALUE,
});

/** The same files as public data sets in databases hold them, with underscores and moments in UTC. */
const lyftWarehouse = shared("lyft-warehouse", {
  columns: {
    ...{ starttime: "started_at", stoptime: "ended_at", tripduration: "duration_s" },
    ...{ start_station_latitude: known("origin_lat"), start_station_longitude: known("origin_lon") },
    ...{ end_station_latitude: known("destination_lat"), end_station_longitude: known("destination_lon") },
  },
  time_formats: OLD_TIMES,
  empty: NO_VALUE,
});

/** Bay Wheels before 2020, as Ford GoBike, and others. */
const lyftGoBike = shared("lyft-2017", {
  columns: {
    ...{ start_time: "started_at", end_time: "ended_at", duration_sec: "duration_s" },
    ...{ start_station_latitude: known("origin_lat"), start_station_longitude: known("origin_lon") },
    ...{ end_station_latitude: known("destination_lat"), end_station_longitude: known("destination_lon") },
  },
  time_formats: OLD_TIMES,
  empty: NO_VALUE,
});

/** A place that BIXI does not know has the coordinates 0 or -1. */
const knownToBixi = (to: string) => ({ to, empty: [0, -1] });

/** BIXI since 2022: coordinates, and times in milliseconds. */
const bixi = mappingFrom("bixi", {
  columns: {
    ...{ STARTTIMEMS: "started_at", ENDTIMEMS: "ended_at" },
    ...{ STARTSTATIONLATITUDE: knownToBixi("origin_lat"), STARTSTATIONLONGITUDE: knownToBixi("origin_lon") },
    ...{ ENDSTATIONLATITUDE: knownToBixi("destination_lat"), ENDSTATIONLONGITUDE: knownToBixi("destination_lon") },
  },
  constants: { source: "bixi" },
  time_formats: ["unix_ms"],
});

/** Bikes of Oslo, Bergen and Trondheim. */
const oslo = shared("oslo", {
  columns: {
    ...{ started_at: "started_at", ended_at: "ended_at", duration: "duration_s" },
    ...{ start_station_latitude: "origin_lat", start_station_longitude: "origin_lon" },
    ...{ end_station_latitude: "destination_lat", end_station_longitude: "destination_lon" },
  },
});

/** The formats of shared bikes. */
export const bikes: readonly Mapping[] = [
  ...[lyft, lyftOld, lyftTitle, lyftWarehouse, lyftGoBike, bixi, oslo],
  ...bikesByStation,
];
