import type { FeatureCollection, Position } from "geojson";
import { Random } from "../../src/demo/random.ts";
import { KM_PER_DEGREE, kmPerLon, type Place } from "./area-places.ts";

/** Vertices of each of the four sides of a quarter. */
const SIDE = 16;

/**
 * A city split into quarters that share their ragged borders, as many as `columns` times `rows`. Together they reach as
 * far from the middle of the city as it does.
 */
export function quartersOf([name, lon, lat, km]: Place, columns: number, rows: number): FeatureCollection {
  const random = Random.seeded(columns * 1000 + rows);
  const [width, height] = [(2 * km) / kmPerLon(lat) / columns, (2 * km) / KM_PER_DEGREE / rows];
  const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6;
  const corners = Array.from({ length: rows + 1 }, (_, y) =>
    Array.from({ length: columns + 1 }, (_, x): Position => {
      const away = () => (random.unit() - 0.5) * 0.5;
      return [lon + (x - columns / 2 + away()) * width, lat + (y - rows / 2 + away()) * height];
    }),
  );
  /** From one corner to another: the line between them, displaced a little everywhere but at its ends. */
  const border = ([x0 = 0, y0 = 0]: Position, [x1 = 0, y1 = 0]: Position): Position[] =>
    Array.from({ length: SIDE + 1 }, (_, i) => {
      const ragged = i === 0 || i === SIDE ? 0 : 0.03;
      const [at, east, north] = [i / SIDE, random.unit() - 0.5, random.unit() - 0.5];
      return [round(x0 + (x1 - x0) * at + ragged * east * width), round(y0 + (y1 - y0) * at + ragged * north * height)];
    });
  const corner = (x: number, y: number) => corners[y]?.[x] as Position;
  const across = corners.map((row, y) => row.slice(1).map((_, x) => border(corner(x, y), corner(x + 1, y))));
  const along = corners.slice(1).map((row, y) => row.map((_, x) => border(corner(x, y), corner(x, y + 1))));
  const features = Array.from({ length: rows * columns }, (_, i) => {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    const [south = [], north = []] = [across[y]?.[x], across[y + 1]?.[x]];
    const [west = [], east = []] = [along[y]?.[x], along[y]?.[x + 1]];
    const sides = [south, east, north.toReversed(), west.toReversed()];
    const ring = [...sides.flatMap((side) => side.slice(1)), south[1] as Position];
    return {
      type: "Feature" as const,
      properties: { name: `${name} ${i + 1}` },
      geometry: { type: "Polygon" as const, coordinates: [ring] },
    };
  });
  return { type: "FeatureCollection", features };
}
