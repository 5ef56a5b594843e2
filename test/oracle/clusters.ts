import type { Sql } from "../../src/database/client.ts";
import { geohash } from "../harness/api.ts";
import type { DatedTrip } from "./brute-force.ts";
import type { Position } from "./shapes.ts";

/** How trips are grouped. */
export interface Grouping {
  precision: number;
  group: "cells" | "hotspots";
  order: "trips" | "distance" | "duration" | "id";
}

export interface ExpectedCluster {
  id: string;
  hour: number;
  origin: Position;
  destination: Position;
  trips: number;
  mean_duration_s: number | null;
  median_duration_s: number | null;
  mean_distance_m: number;
  median_distance_m: number;
}

/** Has the biggest clusters found even among so few trips that all would be counted: no test has as many as that takes. */
export const countFewToo = (sql: Sql) =>
  sql.unsafe(
    "create or replace function tripgrid_internal.are_few(trips bigint) returns boolean language sql immutable as 'select false'",
  );

/** The clusters of some trips by a plain loop over them, in the order asked for. */
export function clustersOf(
  trips: readonly DatedTrip[],
  { precision, group, order }: Grouping,
  fewest: number,
): ExpectedCluster[] {
  const ended = trips.flatMap((trip) =>
    trip.destination
      ? [
          {
            ...trip,
            destination: trip.destination,
            o: geohash(...trip.origin, precision),
            d: geohash(...trip.destination, precision),
          },
        ]
      : [],
  );
  const spots = (cells: string[]) => (group === "hotspots" ? spotsOf(cells) : new Map(cells.map((c) => [c, c])));
  const origins = spots(ended.map(({ o }) => o));
  const destinations = spots(ended.map(({ d }) => d));
  const groups = new Map<string, typeof ended>();
  for (const trip of ended) {
    const parts = [origins.get(trip.o), destinations.get(trip.d), String(trip.hour).padStart(2, "0")];
    const id = (group === "hotspots" ? ["hot", ...parts] : parts).join("-");
    groups.set(id, [...(groups.get(id) ?? []), trip]);
  }
  const clusters = [...groups].map(([id, members]): ExpectedCluster => {
    const durations = members.flatMap(({ duration_s }) => duration_s ?? []);
    const distances = members.map(({ origin, destination }) => greatCircle(origin, destination));
    return {
      id,
      hour: members[0]?.hour ?? Number.NaN,
      origin: middle(members.map(({ origin }) => origin)),
      destination: middle(members.map(({ destination }) => destination)),
      trips: members.length,
      // Of fewer nothing is told.
      mean_duration_s: durations.length >= fewest ? mean(durations) : null,
      median_duration_s: durations.length >= fewest ? median(durations) : null,
      mean_distance_m: mean(distances),
      median_distance_m: median(distances),
    };
  });
  const key = { trips: "trips", distance: "mean_distance_m", duration: "mean_duration_s", id: "id" } as const;
  const value = (one: ExpectedCluster) => (order === "id" ? 0 : Number(one[key[order]] ?? Number.NEGATIVE_INFINITY));
  return clusters.sort((a, b) => value(b) - value(a) || (a.id < b.id ? -1 : 1));
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] as number) + (sorted[Math.ceil(at)] as number)) / 2;
}

/** Turned so that the antimeridian is far away from the first. */
function middle(points: Position[]): Position {
  const from = points[0]?.[0] ?? 0;
  const lon = mean(points.map(([x]) => (x - from > 180 ? x - 360 : x - from < -180 ? x + 360 : x)));
  return [lon >= 180 ? lon - 360 : lon < -180 ? lon + 360 : lon, mean(points.map(([, y]) => y))];
}

/** The haversine formula on the sphere of the WGS 84 ellipsoid's mean radius, (2a + b) / 3. */
export function greatCircle([x1, y1]: Position, [x2, y2]: Position): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const a = Math.sin(rad(y2 - y1) / 2) ** 2 + Math.cos(rad(y1)) * Math.cos(rad(y2)) * Math.sin(rad(x2 - x1) / 2) ** 2;
  return 2 * 6371008.771415059 * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** Which cells make up a spot together, as `db/functions/clusters/hot_spots.sql` describes it. */
export function spotsOf(cellOfEachTrip: readonly string[]): Map<string, string> {
  const counts = new Map<string, number>();
  for (const cell of cellOfEachTrip) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const busiestFirst = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([cell]) => cell);
  const rank = new Map(busiestFirst.map((cell, i) => [cell, i]));
  const beside = (a: string, b: string) => Math.abs(columnGap(a, b)) <= 1 && Math.abs(rowOf(a) - rowOf(b)) <= 1;

  const spots = new Map<string, string>();
  const left = new Set(busiestFirst);
  for (const start of busiestFirst) {
    if (!left.has(start) || spots.has(start)) continue;
    const component = [start];
    for (const one of component) {
      for (const other of left) if (!component.includes(other) && beside(one, other)) component.push(other);
    }
    for (const cell of component) left.delete(cell);
    const columns = component.map((cell) => columnGap(start, cell));
    const rows = component.map(rowOf);
    const span = (of: number[]) => Math.max(...of) - Math.min(...of);
    if (span(columns) < 3 && span(rows) < 3) for (const cell of component) spots.set(cell, start);
    else divide(component);
  }
  return spots;

  function divide(component: string[]): void {
    let rest = component;
    const rankOf = (cell: string) => rank.get(cell) as number;
    while (rest.length > 0) {
      const neighbours = (cell: string) => rest.filter((other) => beside(cell, other));
      const best = (cells: string[]) => cells.toSorted((a, b) => rankOf(a) - rankOf(b))[0] as string;
      const middles = new Set(rest.filter((cell) => best(neighbours(cell)) === cell));
      const taken = rest.filter((cell) => neighbours(cell).some((other) => middles.has(other)));
      for (const cell of taken) spots.set(cell, best(neighbours(cell).filter((other) => middles.has(other))));
      rest = rest.filter((cell) => !taken.includes(cell));
    }
  }
}

const LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz";
const bitsOf = (cell: string) => [...cell].map((c) => LETTERS.indexOf(c).toString(2).padStart(5, "0")).join("");
const every = (bits: string, from: number) => [...bits].filter((_, i) => i % 2 === from).join("");
const columnOf = (cell: string) => Number.parseInt(every(bitsOf(cell), 0), 2);
const rowOf = (cell: string) => Number.parseInt(every(bitsOf(cell), 1), 2);

/** How many columns to the east, the short way around the world. */
function columnGap(a: string, b: string): number {
  const all = 2 ** Math.ceil((a.length * 5) / 2);
  const gap = (columnOf(b) - columnOf(a) + all) % all;
  return gap > all / 2 ? gap - all : gap;
}

/** Small ones, and where these are too few together the smallest other one. Trips without a destination are one group, the last. */
export function withheldOf(
  all: readonly Pick<ExpectedCluster, "id" | "trips">[],
  below: number,
  total: number,
): Set<string> {
  const rest = { id: "~", trips: total - all.reduce((sum, { trips }) => sum + trips, 0) };
  const bySize = [...all, ...(rest.trips > 0 ? [rest] : [])].sort(
    (a, b) => a.trips - b.trips || (a.id < b.id ? -1 : 1),
  );
  const small = bySize.filter(({ trips }) => trips < below);
  const together = small.reduce((sum, { trips }) => sum + trips, 0);
  if (together > 0 && together < below) small.push(...bySize.slice(small.length, small.length + 1));
  return new Set(small.map(({ id }) => id).filter((id) => id !== rest.id));
}
