import type { Mapping } from "../mapping.ts";
import { type MappingDefinition, mappingFrom } from "../mapping-definition.ts";

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

/** Divvy before 2020: stations by a lookup. */
const divvyOld = mappingFrom("divvy-2013", {
  columns: {
    ...{ trip_id: "trip_id", start_time: "started_at", end_time: "ended_at" },
    from_station_id: { to: "origin", lookup: "divvy-stations" },
    to_station_id: { to: "destination", lookup: "divvy-stations" },
  },
  constants: { source: "divvy" },
  time_formats: OLD_TIMES,
});

/** Capital Bikeshare before 2020: stations by a lookup. */
const capitalBikeshare = mappingFrom("capital-bikeshare", {
  columns: {
    ...{ Duration: "duration_s", "Start date": "started_at", "End date": "ended_at" },
    "Start station number": { to: "origin", lookup: "capital-bikeshare-stations" },
    "End station number": { to: "destination", lookup: "capital-bikeshare-stations" },
  },
  constants: { source: "capital-bikeshare" },
  time_formats: OLD_TIMES,
});

/** BIXI since 2022: coordinates, and times in milliseconds. */
const bixi = mappingFrom("bixi", {
  columns: {
    ...{ STARTTIMEMS: "started_at", ENDTIMEMS: "ended_at" },
    ...{ STARTSTATIONLATITUDE: known("origin_lat"), STARTSTATIONLONGITUDE: known("origin_lon") },
    ...{ ENDSTATIONLATITUDE: known("destination_lat"), ENDSTATIONLONGITUDE: known("destination_lon") },
  },
  constants: { source: "bixi" },
  time_formats: ["unix_ms"],
});

/** BIXI until 2021: stations by a lookup. */
const bixiOld = mappingFrom("bixi-2014", {
  columns: {
    ...{ start_date: "started_at", end_date: "ended_at", duration_sec: "duration_s" },
    start_station_code: { to: "origin", lookup: "bixi-stations" },
    end_station_code: { to: "destination", lookup: "bixi-stations" },
  },
  constants: { source: "bixi" },
  time_formats: OLD_TIMES,
});

/** Bikes of Oslo, Bergen and Trondheim. */
const oslo = shared("oslo", {
  columns: {
    ...{ started_at: "started_at", ended_at: "ended_at", duration: "duration_s" },
    ...{ start_station_latitude: "origin_lat", start_station_longitude: "origin_lon" },
    ...{ end_station_latitude: "destination_lat", end_station_longitude: "destination_lon" },
  },
});

/** City bikes of Helsinki and Espoo: stations by a lookup. */
const helsinki = mappingFrom("helsinki", {
  columns: {
    ...{ Departure: "started_at", Return: "ended_at" },
    ...{ "Covered distance (m)": "distance_m", "Duration (sec.)": "duration_s" },
    "Departure station id": { to: "origin", lookup: "helsinki-stations" },
    "Return station id": { to: "destination", lookup: "helsinki-stations" },
  },
  constants: { source: "helsinki" },
});

/** Santander Cycles of Transport for London until 2022: stations by a lookup. */
const tfl = mappingFrom("tfl", {
  columns: {
    ...{ "Rental Id": "trip_id", "Start Date": "started_at", "End Date": "ended_at", Duration: "duration_s" },
    "StartStation Id": { to: "origin", lookup: "tfl-stations" },
    "EndStation Id": { to: "destination", lookup: "tfl-stations" },
  },
  constants: { source: "tfl" },
  time_formats: ["D/M/YYYY H:MM[:SS]"],
});

/** The same since 2022. */
const tflNew = mappingFrom("tfl-2022", {
  columns: {
    ...{ Number: "trip_id", "Start date": "started_at", "End date": "ended_at", "Bike model": "vehicle_model" },
    "Total duration (ms)": { to: "duration_s", unit: "ms" },
    "Start station number": { to: "origin", lookup: "tfl-terminals" },
    "End station number": { to: "destination", lookup: "tfl-terminals" },
  },
  constants: { source: "tfl" },
  time_formats: ["iso", "D/M/YYYY H:MM[:SS]"],
});

/** The formats of shared bikes. */
export const bikes: readonly Mapping[] = [
  ...[lyft, lyftOld, lyftTitle, lyftWarehouse, divvyOld, capitalBikeshare, bixi, bixiOld, oslo, helsinki, tfl, tflNew],
];
