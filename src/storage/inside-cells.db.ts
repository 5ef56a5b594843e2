import type { Transaction } from "../database/client.ts";
import type { Point } from "../geo/point.ts";

/**
 * For each region, cells of a grid of 0.01 degrees: true if all of the cell lies in the boundary. Most trips begin in
 * such a cell, so their points need not be compared with the boundary, which took 8 % of the process's time for an import.
 */
export type InsideCells = Map<string, Map<number, boolean>>;

const CELLS_A_DEGREE = 100;
const ROWS = 180 * CELLS_A_DEGREE + 1;
/** A point that is rounded into the next cell still lies in it. */
const MARGIN = 1e-9;
/** Cells of one region that are kept. A city has a thousand. */
const MAX_CELLS = 5000;
/** Cells that one transaction asks about: each takes up to a millisecond, if the boundary has many corners. */
const MAX_ASKED = 100;

/** The number of the cell that a point lies in. */
export const cellOf = ([lon, lat]: Point): number =>
  Math.floor((lon + 180) * CELLS_A_DEGREE) * ROWS + Math.floor((lat + 90) * CELLS_A_DEGREE);

/** Whether the cell of a point lies inside of a region. Undefined: it is not known. */
export const isInside = (known: InsideCells, region: string, origin: Point): boolean | undefined =>
  known.get(region)?.get(cellOf(origin));

/** Finds out which cells lie inside of their regions, and keeps it. */
export async function learnCells(
  tx: Transaction,
  known: InsideCells,
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
): Promise<void> {
  const asked = [...wanted]
    .flatMap(([region, cells]) => [...cells].map((cell) => ({ region, cell })))
    .filter(({ region }) => (known.get(region)?.size ?? 0) < MAX_CELLS)
    .slice(0, MAX_ASKED);
  if (asked.length === 0) return;
  const west = asked.map(({ cell }) => Math.floor(cell / ROWS) / CELLS_A_DEGREE - 180);
  const south = asked.map(({ cell }) => (cell % ROWS) / CELLS_A_DEGREE - 90);
  const side = 1 / CELLS_A_DEGREE + MARGIN;
  const found = await tx<{ n: number; inside: boolean }[]>`
    select a.n::int, st_covers(r.boundary, st_makeenvelope(a.west - ${MARGIN}::float8, a.south - ${MARGIN}::float8,
                                                      a.west + ${side}::float8, a.south + ${side}::float8, 4326)) as inside
    from unnest(${asked.map(({ region }) => region)}::text[], ${west}::float8[], ${south}::float8[])
      with ordinality a (region, west, south, n)
    join tripgrid.regions r on r.name = a.region
    where r.boundary is not null`;
  for (const { n, inside } of found) {
    const { region, cell } = asked[n - 1] as (typeof asked)[number];
    const cells = known.get(region) ?? new Map<number, boolean>();
    known.set(region, cells.set(cell, inside));
  }
}
