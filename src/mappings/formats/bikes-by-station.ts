import type { Mapping } from "../mapping.ts";
import { type MappingDefinition, mappingFrom } from "../mapping-definition.ts";
import { knownBy } from "./known-by.ts";

const OLD_TIMES = ["iso", "M/D/YYYY H:MM[:SS]"];
const DAY_FIRST = ["iso", "D/M/YYYY H:MM[:SS]"];

/** The columns of the stations where a trip begins and ends, whose places a lookup has. */
const stations = (lookup: string, start: string, end: string): MappingDefinition["columns"] => ({
  [start]: { to: "origin", lookup },
  [end]: { to: "destination", lookup },
});

const divvyStations = stations("divvy-stations", "from_station_id", "to_station_id");

/** Divvy until 2016, from 2017 to 2019, and two quarters whose columns are numbered. Durations have thousands. */
const divvy: readonly Mapping[] = [
  mappingFrom("divvy-2013", {
    columns: {
      ...{ trip_id: "trip_id", starttime: "started_at", stoptime: "ended_at", tripduration: "duration_s" },
      ...divvyStations,
    },
    constants: { source: "divvy" },
    thousands: ",",
    time_formats: OLD_TIMES,
  }),
  mappingFrom("divvy-2017", {
    columns: {
      ...{ trip_id: "trip_id", start_time: "started_at", end_time: "ended_at", tripduration: "duration_s" },
      ...divvyStations,
    },
    constants: { source: "divvy" },
    thousands: ",",
    time_formats: OLD_TIMES,
  }),
  mappingFrom("divvy-2018", {
    columns: {
      "01 - Rental Details Rental ID": "trip_id",
      "01 - Rental Details Local Start Time": "started_at",
      "01 - Rental Details Local End Time": "ended_at",
      "01 - Rental Details Duration In Seconds Uncapped": "duration_s",
      ...stations("divvy-stations", "03 - Rental Start Station ID", "02 - Rental End Station ID"),
    },
    constants: { source: "divvy" },
    thousands: ",",
    time_formats: OLD_TIMES,
  }),
];

/** Capital Bikeshare before 2020, and Hubway, which became Bluebikes, before 2015: the unit of its duration varies. */
const capital: readonly Mapping[] = [
  knownBy(["Start station", "Bike number"], "capital-bikeshare", {
    columns: {
      ...{ Duration: "duration_s", "Start date": "started_at", "End date": "ended_at" },
      ...stations("capital-bikeshare-stations", "Start station number", "End station number"),
    },
    constants: { source: "capital-bikeshare" },
    time_formats: OLD_TIMES,
  }),
  knownBy(["Start station name", "Bike number"], "hubway-2011", {
    columns: {
      ...{ "Start date": "started_at", "End date": "ended_at" },
      ...stations("hubway-stations", "Start station number", "End station number"),
    },
    constants: { source: "hubway" },
    time_formats: OLD_TIMES,
  }),
];

/** Bay Area Bike Share, which became Bay Wheels, until 2016. */
const bayArea = mappingFrom("bay-area-2013", {
  columns: {
    ...{ "Trip ID": "trip_id", Duration: "duration_s", "Start Date": "started_at", "End Date": "ended_at" },
    ...stations("bay-area-stations", "Start Terminal", "End Terminal"),
  },
  constants: { source: "bay-area-bike-share" },
  time_formats: OLD_TIMES,
});

/** BIXI until 2020, and in 2021. */
const bixi: readonly Mapping[] = (
  [
    ["bixi-2014", "start_station_code", "end_station_code"],
    ["bixi-2021", "emplacement_pk_start", "emplacement_pk_end"],
  ] as const
).map(([name, start, end]) =>
  mappingFrom(name, {
    columns: {
      ...{ start_date: "started_at", end_date: "ended_at", duration_sec: "duration_s" },
      ...stations("bixi-stations", start, end),
    },
    constants: { source: "bixi" },
    time_formats: OLD_TIMES,
  }),
);

/** Bikes of Oslo until 2018. */
const oslo = mappingFrom("oslo-2016", {
  columns: {
    ...{ "Start time": "started_at", "End time": "ended_at" },
    ...stations("oslo-stations", "Start station", "End station"),
  },
  constants: { source: "oslo" },
});

/** City bikes of Helsinki and Espoo. */
const helsinki = mappingFrom("helsinki", {
  columns: {
    ...{ Departure: "started_at", Return: "ended_at" },
    ...{ "Covered distance (m)": "distance_m", "Duration (sec.)": "duration_s" },
    ...stations("helsinki-stations", "Departure station id", "Return station id"),
  },
  constants: { source: "helsinki" },
});

/** Santander Cycles of Transport for London: three ways to name a station until 2022, and another one since. */
const tfl: readonly Mapping[] = [
  ...(
    [
      ["tfl", "StartStation Id", "EndStation Id", "tfl-stations", "Duration"],
      ["tfl-2016", "StartStation Logical Terminal", "EndStation Logical Terminal", "tfl-terminals", "Duration"],
      ["tfl-2021", "Start Station Id", "End Station Id", "tfl-stations", "Duration_Seconds"],
    ] as const
  ).map(([name, start, end, lookup, duration]) =>
    mappingFrom(name, {
      columns: {
        ...{ "Rental Id": "trip_id", "Start Date": "started_at", "End Date": "ended_at", [duration]: "duration_s" },
        ...stations(lookup, start, end),
      },
      constants: { source: "tfl" },
      time_formats: DAY_FIRST,
    }),
  ),
  knownBy(["Number", "Bike model"], "tfl-2022", {
    columns: {
      ...{ Number: "trip_id", "Start date": "started_at", "End date": "ended_at", "Bike model": "vehicle_model" },
      "Total duration (ms)": { to: "duration_s", unit: "ms" },
      ...stations("tfl-terminals", "Start station number", "End station number"),
    },
    constants: { source: "tfl" },
    time_formats: DAY_FIRST,
  }),
];

/** Ecobici of Mexico City, by three spellings: date and time stand in two columns. */
const ecobici: readonly Mapping[] = (
  [
    ["ecobici", "Ciclo_Estacion_Arribo", "Fecha_Arribo"],
    ["ecobici-2020", "Ciclo_EstacionArribo", "Fecha_Arribo"],
    ["ecobici-2022", "Ciclo_EstacionArribo", "Fecha Arribo"],
  ] as const
).map(([name, end, date]) =>
  mappingFrom(name, {
    columns: {
      Fecha_Retiro: { to: "started_at", with: ["Hora_Retiro"] },
      [date]: { to: "ended_at", with: ["Hora_Arribo"] },
      ...stations("ecobici-stations", "Ciclo_Estacion_Retiro", end),
    },
    constants: { source: "ecobici" },
    time_formats: DAY_FIRST,
  }),
);

/** The formats of shared bikes whose rows name stations: their places come from lookups. */
export const bikesByStation: readonly Mapping[] = [
  ...[...divvy, ...capital, bayArea, ...bixi, oslo, helsinki, ...tfl, ...ecobici],
];
