import type { Feature } from "geojson";
import { z } from "zod";
import type { AreaFeature } from "../geo/area-features.ts";
import { makeValid, makeValidMember } from "../geo/area-question.ts";
import { name } from "../kit/storable.ts";
import { DateText, Instant } from "../time/instant.ts";
import { Window } from "../time/week.ts";
import { filtersOfTrips, Method } from "./weekly-averages.ts";

/** Limit of the areas of one question. */
export const MAX_AREAS = 1000;

const choice = {
  ...filtersOfTrips,
  name_property: z.string().min(1).max(200).default("name").meta({
    description: "The property of a feature that names it in the answer",
  }),
  format: z.enum(["json", "csv", "geojson"]).default("json").meta({
    description: "geojson has the same features, with the figures as properties",
  }),
};

const BOUNDARIES = {
  description: "The areas are the boundaries of these regions, or of all that have one: *",
  example: "*",
};

export const ByAreaQuery = z.strictObject({
  ...choice,
  boundaries: z.string().min(1).optional().meta(BOUNDARIES),
  make_valid: makeValid,
});

export const ByAreaBody = z
  .strictObject({
    ...choice,
    areas: z
      .unknown()
      .optional()
      .meta({ description: `A FeatureCollection of 1 to ${MAX_AREAS} polygons or multipolygons` }),
    boundaries: z
      .union([z.string().min(1), z.array(name).min(1).max(MAX_AREAS)])
      .optional()
      .meta(BOUNDARIES),
    make_valid: makeValidMember,
  })
  .meta({
    id: "ByAreaQuestion",
    description: "A FeatureCollection by itself is taken for the areas; the rest may also stand in the query string.",
  });

const Filters = z.object(filtersOfTrips);
/** Many areas side by side: given ones, or the boundaries of these regions, or of all that have one. */
export interface ByAreaQuestion extends z.infer<typeof Filters> {
  areas: AreaFeature[] | { boundaries: string[] | "*" };
}

const bounds = z.array(z.number()).length(2).optional();

export const ByAreaAnswer = z
  .object({
    window: Window,
    weeks_in_window: z.int(),
    method: Method,
    data_as_of: Instant,
    retired_before: DateText.optional(),
    withheld: z.object({ min_trips: z.int(), areas: z.int() }).optional().meta({
      description: "How many areas are withheld, where TRIPGRID_MIN_GROUP_SIZE asks for it: their figures are null",
    }),
    hints: z.array(z.string()).optional().meta({ description: "What may be wrong with the question" }),
    areas: z
      .array(
        z.object({
          id: z.union([z.string(), z.number()]).nullable().meta({ description: "That of the feature" }),
          name: z.string().nullable(),
          trips: z.int().nullable(),
          average: z.number().nullable(),
          weeks_with_trips: z.int().nullable(),
          average_over_weeks_with_trips: z.number().nullable(),
          trips_bounds: bounds.meta({ description: "Where the window has retired weeks: [lower, upper]" }),
          average_bounds: bounds,
        }),
      )
      .meta({ description: "In the order of the question; boundaries in the order of their names" }),
  })
  .meta({ id: "ByAreaAnswer" });
export type ByAreaAnswer = z.infer<typeof ByAreaAnswer>;

/** An answer with the feature of each area, in the same order. */
export type WeeklyAveragesByArea = (
  question: ByAreaQuestion,
  withFeatures: boolean,
) => Promise<{ answer: ByAreaAnswer; features: Feature[] }>;
