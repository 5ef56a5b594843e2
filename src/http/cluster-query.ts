import { z } from "@hono/zod-openapi";
import {
  CLUSTER_GROUPS,
  CLUSTER_MATCHES,
  CLUSTER_ORDERS,
  type ClusterName,
  clusterName,
  MAX_CLUSTERS,
} from "../clusters.ts";
import { AppError } from "../errors.ts";
import { bbox, date, days, hours, name } from "./input.ts";
import { DateText, Instant, PointPair, WindowSchema } from "./schemas.ts";

/** Which trips are grouped. */
export const clusterFilters = {
  region: name.optional().openapi({ description: "Only trips that carry this region" }),
  source: name.optional(),
  from: date.optional().openapi({ description: "Local date; its whole week counts" }),
  to: date.optional().openapi({ description: "Local date; its whole week counts" }),
  match: z
    .enum(CLUSTER_MATCHES)
    .default("origin")
    .openapi({ description: "Which ends of a trip must lie in the area" }),
  hours: hours.optional(),
  days: days.optional(),
};

/** An area that stands in the address. */
export const namedArea = {
  bbox: bbox.optional(),
  boundary: name.optional().openapi({ description: "The area is the boundary of this region" }),
};

/** How they are grouped, and which groups are told. */
export const clusterChoice = {
  precision: z.coerce.number().int().min(4).max(7).optional().openapi({
    description:
      "Characters of a cell: 5 (about 4.9 km) unless told, 7 (about 153 m) for hotspots; without an area 4 or 5",
  }),
  group: z.enum(CLUSTER_GROUPS).default("cells").openapi({
    description: "hotspots joins neighbouring cells, up to three by three, so that a border does not part two trips",
  }),
  min_trips: z.coerce.number().int().min(1).max(1_000_000_000).optional().openapi({
    description: "Smaller clusters are left out",
  }),
  order: z.enum(CLUSTER_ORDERS).default("trips").openapi({
    description: "Most trips first, longest mean distance or duration first, or by id",
  }),
  limit: z.coerce.number().int().min(1).max(MAX_CLUSTERS).default(100),
};

export const ClusterSchema = z
  .object({
    id: z.string().openapi({ example: "u0j2q-u0j2r-08" }),
    origin_cell: z.string(),
    destination_cell: z.string(),
    hour: z.int().openapi({ description: "Local hour of the start" }),
    origin: PointPair.openapi({ description: "Mean of the trips' origins" }),
    destination: PointPair.openapi({ description: "Mean of the trips' destinations" }),
    trips: z.int(),
    trips_per_week: z.number(),
    share: z.number().openapi({ description: "Of the area's trips" }),
    mean_duration_s: z.number().nullable(),
    median_duration_s: z.number().nullable(),
    mean_distance_m: z.number().openapi({ description: "Great circle" }),
    median_distance_m: z.number(),
    origin_cells: z.array(z.string()).optional().openapi({ description: "Of a hot spot: the cells that were joined" }),
    destination_cells: z.array(z.string()).optional(),
  })
  .openapi("Cluster");

export const ClusterAnswerSchema = z
  .object({
    window: WindowSchema,
    weeks_in_window: z.int(),
    trips: z.int().nullable().openapi({
      description: "All trips that match, those without a destination too; null if so few that they are withheld",
    }),
    clusters_found: z.int().nullable().openapi({
      description: "How many there are; null where just the biggest were counted, and there are more",
    }),
    truncated: z.boolean().openapi({ description: "There are more clusters than limit" }),
    withheld: z.object({ min_trips: z.int(), clusters: z.int().nullable() }).optional().openapi({
      description:
        "What was left out for having too few trips, where TRIPGRID_MIN_TRIPS asks for it; clusters is null where not all were counted",
    }),
    data_as_of: Instant,
    retired_before: DateText.optional().openapi({
      description: "The trips of earlier weeks are gone: they are left out",
    }),
    clusters: z.array(ClusterSchema),
  })
  .openapi("ClusterAnswer");

/**
 * What the id in an address says.
 *
 * @throws AppError not_found if it is no id of a cluster
 */
export function clusterOf(id: string): ClusterName {
  const found = clusterName(id);
  if (!found) throw new AppError("not_found", `There is no cluster ${id}: an id is such as u0j2q-u0j2r-08.`);
  return found;
}
