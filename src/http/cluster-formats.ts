import { stringify } from "csv-stringify/sync";
import type { Cluster } from "../clusters.ts";

/** How clusters can be written, beside JSON: each with its content type. */
export const CLUSTER_FORMATS = {
  geojson: { type: "application/geo+json", write: geoJsonOf },
  csv: { type: "text/csv; charset=utf-8", write: csvOf },
  locations: { type: "text/csv; charset=utf-8", write: locationsOf },
  flows: { type: "text/csv; charset=utf-8", write: flowsOf },
} as const;

const WIDEST = 8;

/** A line for each cluster, from its mean origin to its mean destination; wider, by simplestyle-spec 1.1, the more trips it has. */
function geoJsonOf(clusters: readonly Cluster[]): string {
  const most = Math.max(1, ...clusters.map(({ trips }) => trips));
  const features = clusters.map(({ origin, destination, ...properties }) => ({
    type: "Feature",
    id: properties.id,
    geometry: { type: "LineString", coordinates: [origin, nearest(origin, destination)] },
    properties: {
      ...properties,
      stroke: "#b8382c",
      "stroke-width": round(1 + (WIDEST - 1) * Math.sqrt(properties.trips / most)),
      "stroke-opacity": 0.6,
    },
  }));
  return JSON.stringify({ type: "FeatureCollection", features });
}

/** A line across the antimeridian must not go around the world. */
function nearest([from]: [number, number], [lon, lat]: [number, number]): [number, number] {
  return [lon - 360 * Math.round((lon - from) / 360), lat];
}

const round = (n: number) => Math.round(n * 100) / 100;

function csvOf(clusters: readonly Cluster[]): string {
  const rows = clusters.map(({ origin, destination, origin_cells, destination_cells, ...one }) => ({
    ...one,
    origin_lon: origin[0],
    origin_lat: origin[1],
    destination_lon: destination[0],
    destination_lat: destination[1],
    origin_cells: origin_cells?.join(" ") ?? "",
    destination_cells: destination_cells?.join(" ") ?? "",
  }));
  return stringify(rows, { header: true, columns: CSV_COLUMNS });
}

const CSV_COLUMNS = [
  "id",
  "origin_cell",
  "destination_cell",
  "hour",
  "origin_lon",
  "origin_lat",
  "destination_lon",
  "destination_lat",
  "trips",
  "trips_per_week",
  "share",
  "mean_duration_s",
  "median_duration_s",
  "mean_distance_m",
  "median_distance_m",
  "origin_cells",
  "destination_cells",
];

/** The places of flowmap.gl: every cell that a cluster begins or ends in, in the middle of the trips that do so. */
function locationsOf(clusters: readonly Cluster[]): string {
  const places = new Map<string, { trips: number; lon: number; lat: number; at: number }>();
  for (const { origin_cell, destination_cell, origin, destination, trips } of clusters) {
    for (const [cell, [lon, lat]] of [[origin_cell, origin] as const, [destination_cell, destination] as const]) {
      const place = places.get(cell) ?? { trips: 0, lon: 0, lat: 0, at: lon };
      place.lon += trips * (lon - 360 * Math.round((lon - place.at) / 360));
      place.lat += trips * lat;
      place.trips += trips;
      places.set(cell, place);
    }
  }
  const rows = [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { trips, lon, lat }]) => ({ id, name: id, lat: lat / trips, lon: lon / trips }));
  return stringify(rows, { header: true, columns: ["id", "name", "lat", "lon"] });
}

/** The flows of flowmap.gl: from cell to cell, over all hours. */
function flowsOf(clusters: readonly Cluster[]): string {
  const flows = new Map<string, { origin: string; dest: string; count: number }>();
  for (const { origin_cell: origin, destination_cell: dest, trips } of clusters) {
    const flow = flows.get(`${origin} ${dest}`) ?? { origin, dest, count: 0 };
    flow.count += trips;
    flows.set(`${origin} ${dest}`, flow);
  }
  return stringify([...flows.values()], { header: true, columns: ["origin", "dest", "count"] });
}
