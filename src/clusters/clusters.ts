import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Area } from "../geo/area.ts";
import { namedArea } from "../geo/area-question.ts";
import { Point } from "../geo/point.ts";
import { name } from "../kit/storable.ts";
import { DateText, Instant } from "../time/instant.ts";
import { days, hours, Window } from "../time/week.ts";
import { timeFilters } from "../weekly-averages/weekly-averages.ts";

/** The filters of the trips to group. */
export const clusterFilters = {
  region: name.optional().meta({ description: "Only trips that carry this region" }),
  source: name.optional(),
  ...timeFilters,
  match: z
    .enum(["origin", "destination", "both"])
    .default("origin")
    .meta({ description: "Which ends of a trip must lie in the area" }),
  hours: hours.optional(),
  days: days.optional(),
};

/** The grouping of trips, and the choice of groups in the answer. */
export const clusterChoice = {
  precision: z.coerce.number().int().min(4).max(7).optional().meta({
    description:
      "Characters of a cell: 5 (about 4.9 km) unless told, 7 (about 153 m) for hotspots; without an area 4 or 5",
  }),
  group: z.enum(["cells", "hotspots"]).default("cells").meta({
    description: "hotspots joins neighbouring cells, up to three by three, so that a border does not part two trips",
  }),
  min_trips: z.coerce.number().int().min(1).max(1_000_000_000).optional().meta({
    description: "Smaller clusters are left out",
  }),
  order: z.enum(["trips", "distance", "duration", "id"]).default("trips").meta({
    description: "Most trips first, longest mean distance or duration first, or by id",
  }),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
};

/** The parameters that select one cluster beside its id. */
export const OneClusterQuery = z.strictObject({ ...namedArea, ...clusterFilters });
export type OneClusterQuery = z.infer<typeof OneClusterQuery>;

const Question = z.object({ ...clusterFilters, ...clusterChoice });
export interface ClusterQuestion extends z.infer<typeof Question> {
  area?: Area | undefined;
  /** Selects only the cluster with this id. */
  only?: string | undefined;
}

export const Cluster = z
  .object({
    id: z.string().meta({ example: "u0j2q-u0j2r-08" }),
    origin_cell: z.string(),
    destination_cell: z.string(),
    hour: z.int().meta({ description: "Local hour of the start" }),
    origin: Point.meta({ description: "Mean of the trips' origins" }),
    destination: Point.meta({ description: "Mean of the trips' destinations" }),
    trips: z.int(),
    trips_per_week: z.number(),
    share: z.number().meta({ description: "Of the area's trips" }),
    mean_duration_s: z.number().nullable(),
    median_duration_s: z.number().nullable(),
    mean_distance_m: z.number().meta({ description: "Great circle" }),
    median_distance_m: z.number(),
    origin_cells: z.array(z.string()).optional().meta({ description: "Of a hot spot: the cells that were joined" }),
    destination_cells: z.array(z.string()).optional(),
  })
  .meta({ id: "Cluster" });
export type Cluster = z.infer<typeof Cluster>;

export const ClusterAnswer = z
  .object({
    window: Window,
    weeks_in_window: z.int(),
    trips: z.int().nullable().meta({
      description: "All trips that match, those without a destination too; null if so few that they are withheld",
    }),
    clusters_found: z.int().nullable().meta({
      description: "How many there are; null where just the biggest were counted, and there are more",
    }),
    truncated: z.boolean().meta({ description: "There are more clusters than limit" }),
    withheld: z.object({ min_trips: z.int(), clusters: z.int().nullable() }).optional().meta({
      description:
        "What was left out for having too few trips, where TRIPGRID_MIN_GROUP_SIZE asks for it; clusters is null where not all were counted",
    }),
    data_as_of: Instant,
    retired_before: DateText.optional().meta({
      description: "The trips of earlier weeks are gone: they are left out",
    }),
    clusters: z.array(Cluster),
  })
  .meta({ id: "ClusterAnswer" });
export type ClusterAnswer = z.infer<typeof ClusterAnswer>;

export type Clusters = (question: ClusterQuestion) => Promise<ClusterAnswer>;

/** The parts of a cluster's id. */
export interface ClusterName {
  group: ClusterQuestion["group"];
  precision: number;
  origin: string;
  destination: string;
  hour: number;
}

const ID = /^(hot-)?([0-9b-hjkmnp-z]{4,7})-([0-9b-hjkmnp-z]{4,7})-([01]\d|2[0-3])$/;

/**
 * Reads an id, such as `u0j2q-u0j2r-08`, or `hot-u0j2qxy-u0j2rzz-08` for hot spots. Undefined: the text is not an id.
 */
export function clusterName(id: string): ClusterName | undefined {
  const [, hot, origin = "", destination = "", hour] = ID.exec(id) ?? [];
  if (origin === "" || origin.length !== destination.length) return undefined;
  return { group: hot ? "hotspots" : "cells", precision: origin.length, origin, destination, hour: Number(hour) };
}

/**
 * Reads the id in a URL.
 *
 * @throws AppError not_found if it is not an id of a cluster
 */
export function clusterOf(id: string): ClusterName {
  const found = clusterName(id);
  if (!found) throw new AppError("not_found", `There is no cluster ${id}: an id is such as u0j2q-u0j2r-08.`);
  return found;
}
