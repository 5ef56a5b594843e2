import { clusters } from "../clusters/clusters.db.ts";
import type { ClusterAnswer } from "../clusters/clusters.ts";
import { withinBound } from "../kit/bounds.ts";
import { mondayOfDate, weeksBetween } from "../time/week.ts";
import type { ByRegionAnswer } from "../weekly-averages/weekly-averages.ts";
import { weeklyAveragesByRegion } from "../weekly-averages/weekly-averages-by-region.db.ts";
import type { Wiring } from "../wiring.ts";
import { readDataState } from "./data-state.db.ts";
import { drawCells } from "./draw-cells.db.ts";
import { drawClusters } from "./draw-clusters.ts";
import { drawRegions } from "./draw-regions.db.ts";
import { drawTrips } from "./draw-trips.db.ts";
import { SharedAnswers } from "./remember.ts";
import type { DrawTile, ReadDataState } from "./tiles.ts";
import { firstAndLastWeek } from "./window.db.ts";

/** Answers of some megabytes each, at most. */
const MOST_ANSWERS = 4;
const MOST_WINDOWS = 100;

/** The tiles of a map share the answers that do not depend on the tile. */
export function wireTiles({ questions, db }: Wiring): { drawTile: DrawTile; readDataState: ReadDataState } {
  const clusterAnswers = new SharedAnswers<ClusterAnswer>(MOST_ANSWERS);
  const regionAnswers = new SharedAnswers<ByRegionAnswer>(MOST_ANSWERS);
  const windows = new SharedAnswers<{ first: string | null; last: string | null }>(MOST_WINDOWS);
  const drawTile: DrawTile = {
    cells: async (tile, filters, { version, retiredBefore }) => {
      const f = withinBound(filters);
      const named = { source: f.source, region: f.region };
      const isOpen = f.from === undefined || f.to === undefined;
      const known = isOpen
        ? await windows.get(JSON.stringify([version, named]), () => firstAndLastWeek(questions, named))
        : { first: null, last: null };
      const first = f.from === undefined ? known.first : mondayOfDate(f.from);
      const last = f.to === undefined ? known.last : mondayOfDate(f.to);
      // The rollups know cells by one end and by no hour.
      const isByTrip = f.hours !== undefined || f.days !== undefined || f.match === "both" || f.match === "either";
      const isCut = isByTrip && retiredBefore !== null && first !== null && first < retiredBefore;
      const weeks = first && last ? Math.max(weeksBetween(isCut ? retiredBefore : first, last), 0) : undefined;
      const drawn = await drawCells(questions, tile, f, weeks);
      return isCut ? { ...drawn, retiredBefore } : drawn;
    },
    clusters: async (tile, asked, { version }) => {
      const question = { ...withinBound(asked), order: "trips" } as const;
      const ask = () => clusters(questions, question);
      const answer = await clusterAnswers.get(JSON.stringify([version, question]), ask);
      const bytes = drawClusters(tile, answer.clusters);
      return { bytes, isTruncated: answer.truncated, retiredBefore: answer.retired_before };
    },
    regions: async (tile, { match: _, region, ...filters }, { version }) => {
      const f = withinBound(filters);
      const ask = () => weeklyAveragesByRegion(questions, f);
      return drawRegions(questions, tile, await regionAnswers.get(JSON.stringify([version, f]), ask), region);
    },
    trips: (tile, filters) => drawTrips(db, tile, withinBound(filters)),
  };
  return { drawTile, readDataState: () => readDataState(questions) };
}
