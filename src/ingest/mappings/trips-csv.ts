import type { Mapping } from "../../mapping.ts";

/** Trips of several sources with WKT points and naive local times. */
export const tripsCsv: Mapping = {
  name: "trips-csv",
  columns: {
    region: { to: "region", type: "text" },
    origin_coord: { to: "origin", type: "point" },
    destination_coord: { to: "destination", type: "point" },
    datetime: { to: "started_at", type: "time" },
    datasource: { to: "source", type: "text" },
  },
  constants: {},
  timeFormats: ["iso"],
  otherColumns: "attributes",
};
