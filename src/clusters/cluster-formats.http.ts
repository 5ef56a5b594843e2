import type { Point } from "../geo/point.ts";
import { type Cell, csvLines } from "../text/csv-out.ts";
import type { Cluster, ClusterAnswer } from "./clusters.ts";

/** The formats of clusters besides JSON. Each has a content type and a function that writes some clusters at a time. */
export const CLUSTER_FORMATS = {
  geojson: { type: "application/geo+json", write: geoJsonOf },
  csv: { type: "text/csv; charset=utf-8", write: csvOf },
  locations: { type: "text/csv; charset=utf-8", write: locationsOf },
  flows: { type: "text/csv; charset=utf-8", write: flowsOf },
} as const;

const WIDEST = 8;

/** The answer as JSON: first its clusters, then its other members. */
export function* jsonOf({ clusters, ...about }: ClusterAnswer): Generator<string> {
  yield '{"clusters":[';
  yield* joined(clusters);
  yield `],${JSON.stringify(about).slice(1)}`;
}

/**
 * A line for each cluster, from its mean origin to its mean destination. Lines of clusters with more trips are wider,
 * by simplestyle-spec 1.1.
 */
function* geoJsonOf(clusters: readonly Cluster[]): Generator<string> {
  const most = clusters.reduce((max, { trips }) => Math.max(max, trips), 1);
  yield '{"type":"FeatureCollection","features":[';
  yield* joined(clusters, ({ origin, destination, ...properties }) => ({
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
  yield "]}";
}

/** The members of a JSON array. */
function* joined(clusters: readonly Cluster[], member: (cluster: Cluster) => object = (one) => one): Generator<string> {
  for (const [i, part] of partsOf(clusters).entries()) {
    yield `${i === 0 ? "" : ","}${part.map((cluster) => JSON.stringify(member(cluster))).join(",")}`;
  }
}

/** Keeps a line across the antimeridian from going around the world. */
function nearest([from]: Point, [lon, lat]: Point): Point {
  return [lon - 360 * Math.round((lon - from) / 360), lat];
}

const round = (n: number) => Math.round(n * 100) / 100;

function* csvOf(clusters: readonly Cluster[]): Generator<string> {
  yield csvLines([CSV_COLUMNS]);
  for (const part of partsOf(clusters)) {
    yield csvLines(
      part.map(({ origin, destination, origin_cells, destination_cells, ...one }) => {
        const row: Record<string, Cell> = {
          ...one,
          origin_lon: origin[0],
          origin_lat: origin[1],
          destination_lon: destination[0],
          destination_lat: destination[1],
          origin_cells: origin_cells?.join(" ") ?? "",
          destination_cells: destination_cells?.join(" ") ?? "",
        };
        return CSV_COLUMNS.map((name) => row[name] ?? null);
      }),
    );
  }
}

/** The number of clusters that are converted to text at a time, which takes a few milliseconds. */
const CLUSTERS_A_PART = 500;

const partsOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / CLUSTERS_A_PART) }, (_, i) =>
    all.slice(i * CLUSTERS_A_PART, (i + 1) * CLUSTERS_A_PART),
  );

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

/** The places of flowmap.gl: every origin or destination cell of a cluster, at the mean position of its trips' ends. */
function* locationsOf(clusters: readonly Cluster[]): Generator<string> {
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
    .map(([id, { trips, lon, lat }]) => [id, id, lat / trips, lon / trips]);
  yield csvLines([["id", "name", "lat", "lon"]]);
  for (const part of partsOf(rows)) yield csvLines(part);
}

/** The flows of flowmap.gl: from cell to cell, over all hours. */
function* flowsOf(clusters: readonly Cluster[]): Generator<string> {
  const flows = new Map<string, { origin: string; dest: string; count: number }>();
  for (const { origin_cell: origin, destination_cell: dest, trips } of clusters) {
    const flow = flows.get(`${origin} ${dest}`) ?? { origin, dest, count: 0 };
    flow.count += trips;
    flows.set(`${origin} ${dest}`, flow);
  }
  yield csvLines([["origin", "dest", "count"]]);
  for (const part of partsOf([...flows.values()]))
    yield csvLines(part.map(({ origin, dest, count }) => [origin, dest, count]));
}
