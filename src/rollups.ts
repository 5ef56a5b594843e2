/** How far the rollups are behind the trips. */
export interface RollupStatus {
  /** Weeks that are answered from the trips until the rollups have taken them up. */
  weeks_behind: number;
  /** At most so many trips of theirs came or went since. */
  trips_behind: number;
  /** When the oldest write that is not taken up was made; null if there is none. */
  behind_since: string | null;
  /** How long ago that is. */
  lag_seconds: number;
  /** Of weeks before this Monday only the counts are kept; null if there are none. */
  retired_before: string | null;
}

export type RollupsStatus = () => Promise<RollupStatus>;
/** Begins to take up what is missing, at once, and gives the status of the moment. */
export type RefreshRollups = () => Promise<RollupStatus>;
/** Has every week counted anew, in the background, and gives the status of the moment. */
export type RebuildRollups = () => Promise<RollupStatus>;
