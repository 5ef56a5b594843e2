import type { Feature, Geometry } from "geojson";
import type { ClusterAnswer } from "../clusters/clusters.ts";
import { mapPages, onePage } from "../kit/pages.ts";
import type { Query, QueryAnswer, QueryColumn } from "../queries/query.ts";
import type { ByAreaAnswer } from "../weekly-averages/weekly-averages-by-area.ts";
import type { Column, ColumnType, Table, Value } from "./table.ts";

const columnsOf = (types: Readonly<Record<string, ColumnType>>): Column[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

const CLUSTER_COLUMNS = columnsOf({
  ...{ id: "string", origin_cell: "string", destination_cell: "string", hour: "integer" },
  ...{ origin_lon: "number", origin_lat: "number", destination_lon: "number", destination_lat: "number" },
  ...{ trips: "integer", trips_per_week: "number", share: "number" },
  ...{ mean_duration_s: "number", median_duration_s: "number", mean_distance_m: "number", median_distance_m: "number" },
});

/** Clusters as lines from their mean origin to their mean destination. */
export function clusterTable(answer: ClusterAnswer): Table {
  const rows = answer.clusters.map(({ origin, destination, ...one }) => {
    const known: Record<string, unknown> = {
      ...one,
      ...{ origin_lon: origin[0], origin_lat: origin[1] },
      ...{ destination_lon: destination[0], destination_lat: destination[1] },
    };
    // A line across the antimeridian must not go around the world.
    const nearLon = destination[0] - 360 * Math.round((destination[0] - origin[0]) / 360);
    const geometry: Geometry = { type: "LineString", coordinates: [[...origin], [nearLon, destination[1]]] };
    return { values: CLUSTER_COLUMNS.map(({ name }) => (known[name] ?? null) as Value), geometry };
  });
  return {
    ...{ name: "clusters", columns: CLUSTER_COLUMNS, geometry: "LineString", holdsSession: false },
    pages: onePage(rows),
    headers: {
      ...(answer.window ? { "Tripgrid-Window": `${answer.window.from}/${answer.window.to}` } : {}),
      ...{ "Tripgrid-Data-As-Of": answer.data_as_of, "Tripgrid-Truncated": String(answer.truncated) },
      ...(answer.retired_before ? { "Tripgrid-Retired-Before": answer.retired_before } : {}),
    },
  };
}

const AREA_COLUMNS = columnsOf({
  ...{ area: "integer", id: "string", name: "string", window_from: "string", window_to: "string" },
  ...{ weeks_in_window: "integer", trips: "integer", average: "number", weeks_with_trips: "integer" },
  ...{ average_over_weeks_with_trips: "number", trips_lower: "integer", trips_upper: "integer" },
});

/** Areas with their figures, in the order of the question. */
export function areaTable(answer: ByAreaAnswer, features: readonly Feature[]): Table {
  const { window, weeks_in_window } = answer;
  const rows = answer.areas.map((one, i) => ({
    values: [
      ...[i + 1, one.id === null ? null : String(one.id), one.name, window?.from ?? null, window?.to ?? null],
      ...[weeks_in_window, one.trips, one.average, one.weeks_with_trips, one.average_over_weeks_with_trips],
      ...(one.trips_bounds ?? [null, null]),
    ] as Value[],
    geometry: multi(features[i]?.geometry ?? null),
  }));
  return {
    ...{ name: "areas", columns: AREA_COLUMNS, geometry: "MultiPolygon", holdsSession: false },
    pages: onePage(rows),
    headers: {
      ...(window ? { "Tripgrid-Window": `${window.from}/${window.to}` } : {}),
      "Tripgrid-Data-As-Of": answer.data_as_of,
    },
  };
}

/** One type for all, as the formats want it. Other types than polygons are no areas, and have no place here. */
function multi(geometry: Geometry | null): Geometry | null {
  if (geometry?.type === "Polygon") return { type: "MultiPolygon", coordinates: [geometry.coordinates] };
  return geometry?.type === "MultiPolygon" ? geometry : null;
}

/** The columns of a query that are numbers, besides its measures. Others are texts, such as weeks and attributes. */
const NUMBERS: readonly QueryColumn[] = ["hour", "weekday"];

/** The rows of a query. What a column holds is that of its key or measure, whatever its first rows hold. */
export function queryTable({ by, select }: Pick<Query, "by" | "select">, answer: QueryAnswer): Table {
  const columns = [
    ...by.map(({ name, is }): Column => {
      return { name, type: "column" in is && NUMBERS.includes(is.column) ? "number" : "string" };
    }),
    ...select.map(({ name }): Column => ({ name, type: "number" })),
  ];
  const converted = (value: Value, { type }: Column): Value =>
    value === null ? null : type === "string" ? String(value) : Number.isFinite(Number(value)) ? Number(value) : null;
  return {
    ...{ name: "rows", columns, geometry: undefined, holdsSession: answer.holdsSession },
    pages: mapPages(answer.pages, (page) =>
      page.map((row) => ({ values: columns.map((column, i) => converted(row[i] ?? null, column)), geometry: null })),
    ),
    headers: {
      ...{ "Tripgrid-Source": answer.source, "Tripgrid-Data-As-Of": answer.data_as_of },
      "Tripgrid-Truncated": String(answer.truncated),
      ...(answer.retired_before ? { "Tripgrid-Retired-Before": answer.retired_before } : {}),
      ...(answer.withheld ? { "Tripgrid-Withheld-Groups": String(answer.withheld.groups) } : {}),
    },
  };
}
