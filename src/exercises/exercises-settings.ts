import { z } from "zod";

/** The setting of the exercises' addresses, as `config.ts` reads it and `.env.example` lists it. */
export const EXERCISES_SETTINGS = { TRIPGRID_EXERCISES: z.enum(["true", "false"]).default("true") } as const;

export interface ExercisesConfig {
  /** Whether the addresses of the exercises are served. */
  exercises: boolean;
}

export const exercisesConfig = (s: { TRIPGRID_EXERCISES: "true" | "false" }): ExercisesConfig => ({
  exercises: s.TRIPGRID_EXERCISES === "true",
});
