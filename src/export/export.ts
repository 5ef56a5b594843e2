import { z } from "zod";
import type { ClusterQuestion } from "../clusters/clusters.ts";
import type { Query } from "../queries/query.ts";
import type { TripFilters } from "../trips/trips.ts";
import { filtersOfTrips } from "../weekly-averages/weekly-averages.ts";
import type { ByAreaQuestion } from "../weekly-averages/weekly-averages-by-area.ts";
import type { Table } from "./table.ts";

/** The parameters of exported cells: those of `/v1/weekly-averages`, with a box and the size of the cells. */
export const cellQuery = {
  bbox: z.string().optional().meta({
    description: "West, south, east, north in degrees: only cells that touch this box",
    example: "7.58,45.00,7.77,45.14",
  }),
  ...filtersOfTrips,
  precision: z.coerce.number().int().min(4).max(7).default(5).meta({ description: "Characters of a cell" }),
};
const CellQuery = z.object(cellQuery);
export type CellQuestion = z.infer<typeof CellQuery>;

/** What can be exported. Each is what the caller may read. */
export interface Export {
  /** @param byCell neighbours stand near each other, instead of trips of about the same time */
  trips: (filters: TripFilters, byCell: boolean) => Promise<Table>;
  cells: (question: CellQuestion) => Promise<Table>;
  clusters: (question: ClusterQuestion) => Promise<Table>;
  byArea: (question: ByAreaQuestion) => Promise<Table>;
  query: (query: Query) => Promise<Table>;
}
