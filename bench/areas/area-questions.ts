import { Random } from "../../src/demo/random.ts";
import type { Area } from "../../src/geo/area.ts";
import { type Bbox, polygonOfBox } from "../../src/geo/bbox.ts";
import { DAYS, dateOf } from "./area-days.ts";
import { boxAround, type Extent, outline } from "./area-outlines.ts";
import { KM_PER_DEGREE, kmPerLon, PLACES } from "./area-places.ts";

export const KINDS = ["city box", "city polygon", "region", "large box"] as const;
export type Kind = (typeof KINDS)[number];
/** City-sized, of up to 1,000 vertices; the others are the large ones. */
export const isCity = ({ kind }: Question) => kind === "city box" || kind === "city polygon";

export interface Question {
  kind: Kind;
  name: string;
  vertices: number;
  area: Area;
  /** Where the area is one. */
  box: Bbox | undefined;
  window: "week" | "quarter" | "all";
  /** Local dates, both included. Undefined: from the first trip to the last. */
  from: string | undefined;
  to: string | undefined;
}

const COUNTS: Record<Kind, number> = { "city box": 36, "city polygon": 48, region: 24, "large box": 12 };
const WINDOWS = ["week", "quarter", "all"] as const;

/**
 * What is asked: 120 areas about twelve cities, over a week, a quarter or all of the trips. Made from one seed, so that they
 * are the same in every run; they know nothing of cells.
 */
export function makeQuestions(): Question[] {
  const random = Random.seeded(4711);
  return KINDS.flatMap((kind) =>
    Array.from({ length: COUNTS[kind] }, (_, i) => {
      const [name, ...at] = PLACES[i % PLACES.length] as (typeof PLACES)[number];
      // Not the same window for each city again.
      const window = WINDOWS[(i + Math.floor(i / PLACES.length)) % 3] as Question["window"];
      const rank = i / (COUNTS[kind] - 1);
      return {
        ...shapeOf(kind, rank, i, extentOf(kind, at, random), random),
        kind,
        name,
        window,
        ...datesOf(window, random),
      };
    }),
  );
}

/** City-sized areas are 5 to 25 km wide and begin within the city, large ones are some hundred. */
function extentOf(kind: Kind, [lon, lat, km]: number[], random: Random): Extent {
  const isLarge = kind === "region" || kind === "large box";
  const away = isLarge ? 40 : (km as number) / 3;
  return {
    lon: (lon as number) + (random.normal() * away) / kmPerLon(lat as number),
    lat: (lat as number) + (random.normal() * away) / KM_PER_DEGREE,
    km: isLarge ? 60 + 240 * random.unit() : 2.5 + 10 * random.unit(),
  };
}

/** @param rank from 0 to 1, from the fewest vertices of this kind to the most; they grow by the same factor each time */
function shapeOf(kind: Kind, rank: number, i: number, extent: Extent, random: Random) {
  if (kind === "city box" || kind === "large box") {
    const box = boxAround(random, extent);
    return { box, vertices: 4, area: { kind: "polygons", polygons: [polygonOfBox(box)] } satisfies Area };
  }
  // One polygon of six has a hole or two, whose vertices are a twelfth of the ring's each.
  const holes = i % 6 === 5 ? 1 + (i % 2) : 0;
  const all = Math.round(kind === "region" ? 1000 * 10 ** rank : 20 * 50 ** rank);
  const vertices = Math.floor(all / (1 + holes / 12));
  const polygon = outline(random, extent, vertices, holes);
  const total = polygon.coordinates.reduce((sum, ring) => sum + ring.length - 1, 0);
  return { box: undefined, vertices: total, area: { kind: "polygons", polygons: [polygon] } satisfies Area };
}

/** Whole weeks, as they would count anyway. */
function datesOf(window: Question["window"], random: Random): Pick<Question, "from" | "to"> {
  if (window === "all") return { from: undefined, to: undefined };
  const days = window === "week" ? 7 : 91;
  const first = 7 * random.below((DAYS - days) / 7 + 1);
  return { from: dateOf(first), to: dateOf(first + days - 1) };
}
