import { z } from "zod";
import { clusterChoice, clusterFilters } from "../clusters/clusters.ts";
import { namedArea } from "../geo/area-question.ts";
import { filtersOfTrips } from "../weekly-averages/weekly-averages.ts";

/** What a layer of vector tiles shows, and by which parameters it is narrowed. */
export interface Layer {
  id: LayerId;
  title: string;
  description: string;
  geometry: "Point" | "LineString" | "Polygon";
  /** The properties of its features. */
  fields: Readonly<Record<string, Field>>;
  /** The lowest zoom level with tiles. */
  minZoom: number;
  /** `trips`: its features are single trips. */
  scope: "read" | "trips";
  /** The bounds of a caller that the layer keeps. */
  bounds: readonly ("source" | "region")[];
}
export type LayerId = "cells" | "clusters" | "regions" | "trips";

interface Field {
  type: "String" | "Number" | "Boolean";
  description: string;
}

const text = (description: string): Field => ({ type: "String", description });
const number = (description: string): Field => ({ type: "Number", description });

const COUNTED = {
  trips: number("Trips of the question; missing if they are withheld"),
  weeks: number("Weeks that are counted"),
  trips_per_week: number("Trips divided by weeks; weeks without trips count"),
  withheld: { type: "Boolean", description: "Whether its trips are so few that they are withheld" },
} as const;

/** Single trips are drawn from this zoom level on: a tile with more of a city holds millions. */
const MIN_TRIP_ZOOM = 10;

export const LAYERS: Readonly<Record<LayerId, Layer>> = {
  cells: {
    id: "cells",
    title: "Trips by cell",
    description: "Geohash cells with a trip, of 4 to 7 characters by zoom level; of 2 and 3 below zoom level 4.",
    geometry: "Polygon",
    fields: { cell: text("Geohash"), ...COUNTED },
    minZoom: 0,
    scope: "read",
    bounds: ["source", "region"],
  },
  clusters: {
    id: "clusters",
    title: "Clusters",
    description: "The clusters with most trips, from their mean origin to their mean destination.",
    geometry: "LineString",
    fields: {
      id: text("Origin cell, destination cell and hour"),
      origin_cell: text("Geohash"),
      destination_cell: text("Geohash"),
      hour: number("Local hour of the start"),
      trips: number("Trips of the question"),
      trips_per_week: number("Trips divided by the weeks of the window"),
      mean_duration_s: number("Seconds"),
      mean_distance_m: number("Metres"),
    },
    minZoom: 0,
    scope: "read",
    bounds: ["source", "region"],
  },
  regions: {
    id: "regions",
    title: "Regions",
    description: "Boundaries of regions, simplified to half a pixel, with the trips that carry the region.",
    geometry: "Polygon",
    fields: { name: text("Name of the region"), ...COUNTED },
    minZoom: 0,
    scope: "read",
    bounds: ["source"],
  },
  trips: {
    id: "trips",
    title: "Trips",
    description: "Single trips at their origins, or with match=destination at their destinations.",
    geometry: "Point",
    fields: {
      source: text("Who reported the trip"),
      trip_id: text("The trip's id; with its source and local time it is unique"),
      region: text("Region that the trip carries"),
      local_time: text("When it began, by the clocks at its origin"),
      started_at: text("When it began"),
      ended_at: text("When it ended"),
      duration_s: number("Duration, seconds"),
      distance_m: number("Distance as reported, metres"),
      origin_cell: text("Geohash of the origin, seven characters"),
      destination_cell: text("Geohash of the destination, seven characters"),
      driver_id: text("The driver"),
      rider_id: text("The rider"),
      vehicle_model: text("The vehicle's model"),
    },
    minZoom: MIN_TRIP_ZOOM,
    scope: "trips",
    bounds: ["source", "region"],
  },
};

const Filters = z.strictObject(filtersOfTrips);
/** As those of a question: see `weekly-averages.ts`. */
export type TileFilters = z.infer<typeof Filters>;

/** More lines make a map that nobody can read, and a tile of megabytes. */
const MAX_CLUSTERS = 5000;
const ClusterTileQuery = z.strictObject({
  ...namedArea,
  ...clusterFilters,
  ...{ precision: clusterChoice.precision, group: clusterChoice.group, min_trips: clusterChoice.min_trips },
  limit: z.coerce.number().int().min(1).max(MAX_CLUSTERS).default(1000).meta({
    description: "How many clusters are drawn on the whole map, those with most trips first",
  }),
});

/** The parameters of a layer: those of `/v1/clusters` and of `/v1/weekly-averages`. */
export const QUERIES = {
  cells: Filters,
  clusters: ClusterTileQuery,
  regions: z.strictObject({
    ...filtersOfTrips,
    match: filtersOfTrips.match.meta({ description: "Changes nothing: a trip counts for the region that it carries" }),
  }),
  trips: z.strictObject({
    ...filtersOfTrips,
    match: z
      .enum(["origin", "destination"])
      .default("origin")
      .meta({ description: "The end at which a trip is drawn" }),
  }),
} as const;
