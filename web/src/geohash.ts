import type { Polygon } from "geojson";

const LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz";

/** The box of a geohash cell: west, south, east, north, degrees. */
export function boxOfCell(cell: string): [number, number, number, number] {
  const range = { lon: [-180, 180] as [number, number], lat: [-90, 90] as [number, number] };
  let isLon = true;
  for (const letter of cell) {
    const bits = LETTERS.indexOf(letter);
    for (let bit = 16; bit >= 1; bit /= 2) {
      const side = isLon ? range.lon : range.lat;
      const middle = (side[0] + side[1]) / 2;
      side[bits & bit ? 0 : 1] = middle;
      isLon = !isLon;
    }
  }
  return [range.lon[0], range.lat[0], range.lon[1], range.lat[1]];
}

export function polygonOfCell(cell: string): Polygon {
  const [west, south, east, north] = boxOfCell(cell);
  return {
    type: "Polygon",
    coordinates: [
      [
        [west, south],
        [east, south],
        [east, north],
        [west, north],
        [west, south],
      ],
    ],
  };
}
