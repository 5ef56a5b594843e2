import type { Polygon, Position } from "geojson";
import type { Random } from "../../src/demo/random.ts";
import { KM_PER_DEGREE, kmPerLon } from "./area-places.ts";

const round6 = (degrees: number) => Math.round(degrees * 1e6) / 1e6;

/** Where an outline lies, in degrees, and how far it reaches on average, in km. */
export interface Extent {
  lon: number;
  lat: number;
  km: number;
}

/**
 * A polygon as districts and regions are outlined: bays and headlands, and a ragged line between its vertices. It is seen
 * whole from its middle, so it is valid, and nowhere nearer to it than half of what it reaches on average.
 */
export function outline(random: Random, extent: Extent, vertices: number, holes: number): Polygon {
  const coordinates = [ring(random, extent, vertices)];
  for (let hole = 0; hole < holes; hole++) {
    // Two of them lie on different sides of the middle, and all within the half that is surely inside.
    const side = hole === 0 ? 1 : -1;
    const [lon, lat] = [
      extent.lon + (side * 0.22 * extent.km) / kmPerLon(extent.lat),
      extent.lat + ((random.unit() - 0.5) * 0.1 * extent.km) / KM_PER_DEGREE,
    ];
    const km = extent.km * (0.06 + 0.07 * random.unit());
    coordinates.push(ring(random, { lon, lat, km }, Math.max(5, Math.round(vertices / 12))).reverse());
  }
  return { type: "Polygon", coordinates };
}

/** Anticlockwise, as RFC 7946 wants outer rings; closed. */
function ring(random: Random, { lon, lat, km }: Extent, vertices: number): Position[] {
  const step = (2 * Math.PI) / vertices;
  const waves = [0.16, 0.1, 0.08, 0.05, 0.04, 0.02].map((height, i) => ({
    height,
    times: i + 1,
    phase: random.unit() * 2 * Math.PI,
  }));
  const ragged = Math.min(0.04, step / 2);
  const points = Array.from({ length: vertices }, (_, i) => {
    const angle = (i + 0.8 * random.unit()) * step;
    const wave = waves.reduce((sum, { height, times, phase }) => sum + height * Math.cos(times * angle + phase), 0);
    const reach = km * (1 + wave + ragged * (2 * random.unit() - 1));
    return [
      round6(lon + (Math.cos(angle) * reach) / kmPerLon(lat)),
      round6(lat + (Math.sin(angle) * reach) / KM_PER_DEGREE),
    ];
  });
  return [...points, points[0] as Position];
}

/** West, south, east, north of a box that is up to twice as wide as high, or the other way round. */
export function boxAround(random: Random, { lon, lat, km }: Extent): [number, number, number, number] {
  const stretch = 2 ** (random.unit() - 0.5);
  const east = (km * stretch) / kmPerLon(lat);
  const north = km / stretch / KM_PER_DEGREE;
  return [round6(lon - east), round6(lat - north), round6(lon + east), round6(lat + north)];
}
