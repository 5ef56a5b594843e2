import type { Polygons } from "./shapes.ts";

/**
 * For a polygon that it meets again PostGIS uses an index that takes latitudes for equal that differ by 1e-12, and finds
 * other points inside than it did the first time, also far from any edge. In PostGIS 3.3 these two rows differ:
 *
 *     select st_intersects('POLYGON((0 1,0 .5,1 .5,1 1e-14,2 1e-14,2 0,3 0,3 1,0 1))'::geometry, point)
 *     from (values ('POINT(.5 0)'::geometry), ('POINT(.5 0)')) twice (point)
 *
 * So brute force is no oracle for an area with a vertex that is as good as level with a trip, but not quite.
 *
 * @param lats the trips' latitudes, ascending, each once
 */
export function isDecided(polygons: Polygons, lats: number[]): boolean {
  const vertices = new Set(polygons.flat(2).map(([, lat]) => lat));
  return [...vertices].every((lat) => {
    // Neighbours in the list may be one last bit apart, so all that are near have to be looked at.
    for (let i = firstFrom(lats, lat - 1e-11); (lats[i] ?? 91) <= lat + 1e-11; i++) {
      if (lats[i] !== lat) return false;
    }
    return true;
  });
}

/** Where the first number is that is not below `value`. */
function firstFrom(ascending: number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
