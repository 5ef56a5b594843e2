import { z } from "zod";
import { AppError } from "../errors.ts";
import type { PolygonArea } from "../geo/area.ts";
import { bboxFrom, polygonOfBox } from "../geo/bbox.ts";
import { Point } from "../geo/point.ts";
import { name } from "../kit/storable.ts";
import { Instant, LocalTime } from "../time/instant.ts";
import { date } from "../time/week.ts";

/** A stored detection in a reply: a vehicle seen. */
export const StoredDetection = z
  .object({
    id: z.uuid(),
    Year: z.int(),
    Make: z.string(),
    Model: z.string(),
    Category: z.string(),
    seen_at: Instant,
    local_time: LocalTime,
    camera: z.string().optional(),
    location: Point.optional(),
    attributes: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({
    id: "StoredDetection",
    example: {
      id: "5e0c2a1e-8d0c-4a5e-9a39-4f1f0c8f7a11",
      ...{ Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV" },
      ...{ seen_at: "2025-03-05T07:12:09Z", local_time: "2025-03-05T08:12:09", camera: "north gate" },
    },
  });
export type StoredDetection = z.infer<typeof StoredDetection>;

const year = z.coerce.number().int().min(1880).max(2200);
/** A farther page takes as long as reading all before it, so it is reached by the cursor. */
export const MAX_SKIP = 100_000;

/** The filters of the list. */
export const detectionFilters = {
  make: name.optional(),
  model: name.optional(),
  category: name.optional(),
  year: year.optional(),
  camera: name.optional(),
  from: date.optional().meta({ description: "First local day" }),
  to: date.optional().meta({ description: "Last local day" }),
  bbox: z.string().optional().meta({
    description: "West, south, east, north in degrees; detections without a location lie in no box",
    example: "7.58,45.00,7.77,45.14",
  }),
};
const FilterQuery = z.object(detectionFilters);

/** Which detections. Dates are local, `YYYY-MM-DD`, both included. */
export interface DetectionFilters extends Omit<z.infer<typeof FilterQuery>, "bbox"> {
  area: PolygonArea | undefined;
}

/**
 * Filters from query parameters.
 *
 * @throws AppError invalid_parameter, invalid_area
 */
export function filtersFrom({ bbox, ...filters }: z.infer<typeof FilterQuery>): DetectionFilters {
  checkDays(filters);
  const area: PolygonArea | undefined =
    bbox === undefined ? undefined : { kind: "polygons", polygons: [polygonOfBox(bboxFrom(bbox))] };
  return { ...filters, area };
}

/** @throws AppError invalid_parameter if the days are in the wrong order */
export function checkDays({ from, to }: { from?: string | undefined; to?: string | undefined }): void {
  if (from === undefined || to === undefined || from <= to) return;
  const detail = `${from} is after to, ${to}`;
  throw new AppError("invalid_parameter", `from: ${detail}`, { errors: [{ field: "from", detail }] });
}

/** The end of a page: the identity of its last detection. */
export interface Cursor {
  /** Instant, ISO 8601 in UTC. */
  seenAt: string;
  id: string;
}

/** Where a page begins. */
export interface PageStart {
  skip: number;
  after: Cursor | undefined;
}

/** Matching detections are counted up to this many, unless all are asked for. */
export const MAX_COUNTED = 100_000;

export interface DetectionPage {
  detections: StoredDetection[];
  total: number;
  totalIsExact: boolean;
  /** Undefined on the last page. */
  next: Cursor | undefined;
}

/** A page of detections in a reply. */
export const DetectionPageReply = z
  .object({
    detections: z.array(StoredDetection),
    total: z.int().meta({ description: "How many match, at least" }),
    total_is_exact: z.boolean().meta({
      description: `False: more than ${MAX_COUNTED} match the filters, and the others were not counted`,
    }),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "DetectionPage" });

/** Newest first. */
export type ListDetections = (filters: DetectionFilters, limit: number, start: PageStart) => Promise<DetectionPage>;

/** What the counts can be grouped by. Hours and weeks are local. */
export const STATS_BY = ["make", "model", "category", "year", "camera", "hour", "week"] as const;
export type StatsBy = (typeof STATS_BY)[number];

export interface StatsFilters {
  /** Local days, `YYYY-MM-DD`, both included. */
  from: string | undefined;
  to: string | undefined;
}

/** Null: without a camera. */
export type DetectionCount = { value: string | number | null; detections: number };

/** Counts in a reply. */
export const DetectionStatsReply = z
  .object({
    by: z.enum(STATS_BY),
    total: z.int(),
    counts: z.array(
      z
        .object({ detections: z.int() })
        .catchall(z.union([z.string(), z.number()]).nullable())
        .meta({
          example: { make: "Toyota", detections: 4120 },
        }),
    ),
    truncated: z.boolean().meta({ description: "There are more groups than limit" }),
  })
  .meta({ id: "DetectionStats" });

/**
 * How many detections there are by one dimension, the largest counts first; hours and weeks in their order. What was
 * dropped for its age stays counted.
 */
export type CountDetections = (
  by: StatsBy,
  filters: StatsFilters,
  limit: number,
) => Promise<{ total: number; counts: DetectionCount[]; truncated: boolean }>;
