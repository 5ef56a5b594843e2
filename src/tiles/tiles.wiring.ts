import { clusters } from "../clusters/clusters.db.ts";
import type { ClusterAnswer } from "../clusters/clusters.ts";
import { withinBound } from "../kit/bounds.ts";
import { amongKnown } from "../weekly-averages/known-names.db.ts";
import type { ByRegionAnswer } from "../weekly-averages/weekly-averages.ts";
import { weeklyAveragesByRegion } from "../weekly-averages/weekly-averages-by-region.db.ts";
import type { Wiring } from "../wiring.ts";
import { countedWeeks, hasOpenEnd, type KnownWeeks } from "./counted-weeks.ts";
import { readDataState } from "./data-state.db.ts";
import { drawCells } from "./draw-cells.db.ts";
import { drawClusters } from "./draw-clusters.ts";
import { drawRegions } from "./draw-regions.db.ts";
import { drawTrips } from "./draw-trips.db.ts";
import { askedAtMostEach, SharedAnswers } from "./remember.ts";
import type { DrawnTile, DrawTile, ReadDataState } from "./tiles.ts";
import { firstAndLastWeek } from "./window.db.ts";

const isEmpty = ({ bytes }: DrawnTile) => bytes.length === 0;

/** Answers of some megabytes each, at most. */
const MOST_ANSWERS = 4;
const MOST_WINDOWS = 100;
/** While trips come in, each commit changes the state. Tiles of one view must not repeat every question for that. */
const STATE_MS = 1000;

/** The tiles of a map share the answers that do not depend on the tile. */
export function wireTiles({ questions, db }: Wiring): { drawTile: DrawTile; readDataState: ReadDataState } {
  const clusterAnswers = new SharedAnswers<ClusterAnswer>(MOST_ANSWERS);
  const regionAnswers = new SharedAnswers<ByRegionAnswer>(MOST_ANSWERS);
  const windows = new SharedAnswers<KnownWeeks>(MOST_WINDOWS);
  const drawTile: DrawTile = {
    cells: async (tile, filters, { version, retiredBefore }) => {
      const f = withinBound(filters);
      const named = { source: f.source, region: f.region };
      const ask = () => firstAndLastWeek(questions, named);
      const known = hasOpenEnd(f)
        ? await windows.get(JSON.stringify([version, named]), ask)
        : { first: null, last: null };
      const { weeks, isCut } = countedWeeks(f, known, retiredBefore);
      const drawn = await amongKnown(questions, f, isEmpty, () => drawCells(questions, tile, f, weeks));
      return isCut ? { ...drawn, retiredBefore: retiredBefore ?? undefined } : drawn;
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
    trips: async (tile, filters) => {
      const f = withinBound(filters);
      return amongKnown(questions, f, isEmpty, () => drawTrips(db, tile, f));
    },
  };
  return { drawTile, readDataState: askedAtMostEach(STATE_MS, () => readDataState(questions)) };
}
