import { withinBound } from "../kit/bounds.ts";
import type { Wiring } from "../wiring.ts";
import { weeklyAverages } from "./weekly-averages.db.ts";
import type { WeeklyAverages, WeeklyAveragesByRegion } from "./weekly-averages.ts";
import { weeklyAveragesByArea } from "./weekly-averages-by-area.db.ts";
import { weeklyAveragesByRegion } from "./weekly-averages-by-region.db.ts";

interface Calls {
  weeklyAverages: WeeklyAverages;
  weeklyAveragesByArea: ReturnType<typeof weeklyAveragesByArea>;
  weeklyAveragesByRegion: WeeklyAveragesByRegion;
}

/** Each call counts for a bound caller its own trips only. */
export const wireWeeklyAverages = ({ questions }: Wiring): Calls => ({
  weeklyAverages: async (question) => weeklyAverages(questions, withinBound(question)),
  weeklyAveragesByArea: async (question, withFeatures) =>
    weeklyAveragesByArea(questions)(withinBound(question), withFeatures),
  weeklyAveragesByRegion: async (filters) => weeklyAveragesByRegion(questions, withinBound(filters)),
});
