import type { ClusterQuestion } from "../clusters/clusters.ts";
import type { TileFilters } from "./layers.ts";
import type { Tile } from "./tile.ts";

export const MVT_TYPE = "application/vnd.mapbox-vector-tile";

/** A tile as it is drawn. */
export interface DrawnTile {
  /** Mapbox Vector Tile 2.1; empty: nothing is in the tile. */
  bytes: Buffer;
  /** Whether features were left out because there are too many. */
  isTruncated: boolean;
  /** If weeks of the question are left out, because their trips are no longer kept: the first week that is not. */
  retiredBefore?: string | undefined;
}

/** Facts about the data that are known before a tile is drawn. */
export interface DataState {
  /** Another text whenever a trip, a region or a rule of privacy has changed. */
  version: string;
  /** Trips of earlier weeks are no longer kept. Null: all are. */
  retiredBefore: string | null;
}

export type ReadDataState = () => Promise<DataState>;

/** Which clusters are drawn: those with most trips. */
export type ClusterTileQuestion = Omit<ClusterQuestion, "order" | "only">;

/** Draws a tile of each layer of the trips that the caller may read. */
export interface DrawTile {
  cells: (tile: Tile, filters: TileFilters, state: DataState) => Promise<DrawnTile>;
  clusters: (tile: Tile, question: ClusterTileQuestion, state: DataState) => Promise<DrawnTile>;
  regions: (tile: Tile, filters: TileFilters, state: DataState) => Promise<DrawnTile>;
  trips: (tile: Tile, filters: TileFilters, state: DataState) => Promise<DrawnTile>;
}
