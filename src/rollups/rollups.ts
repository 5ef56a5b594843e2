import { z } from "zod";
import { DateText, Instant } from "../time/instant.ts";

/** The lag of the rollups behind the trips. */
export const RollupStatus = z
  .object({
    weeks_behind: z
      .int()
      .meta({ description: "Weeks that are answered from the trips until the rollups have taken them up" }),
    trips_behind: z.int().meta({ description: "At most so many trips of these weeks came or went since" }),
    behind_since: Instant.nullable().meta({ description: "When the oldest write that is not taken up was made" }),
    lag_seconds: z.number().meta({ description: "How long ago that is; 0 if there is none" }),
    retired_before: DateText.nullable().meta({
      description: "Of weeks before this Monday only the counts are kept, and no trip is taken; null if there are none",
    }),
  })
  .meta({ id: "RollupStatus" });
export type RollupStatus = z.infer<typeof RollupStatus>;

export type RollupsStatus = () => Promise<RollupStatus>;
/** Starts a refresh at once, and returns the current status. */
export type RefreshRollups = () => Promise<RollupStatus>;
/** Starts to count every week again in the background, and returns the current status. */
export type RebuildRollups = () => Promise<RollupStatus>;
