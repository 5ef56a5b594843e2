import { mappingFrom } from "./mapping-definition.ts";

/** Trips of several sources with WKT points and naive local times. */
export const tripsCsv = mappingFrom("trips-csv", {
  columns: {
    region: "region",
    origin_coord: "origin",
    destination_coord: "destination",
    datetime: "started_at",
    datasource: "source",
  },
});
