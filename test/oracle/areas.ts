import fc from "fast-check";
import { type Bbox, boxes, boxesAcross, boxesToWorldEdge } from "./boxes.ts";
import { touched, unit } from "./draws.ts";
import { gridBoxes, gridDiamonds, gridSkylines } from "./grid-areas.ts";
import { chessboardThrough, midEdges, skylineThrough, slivers } from "./lines.ts";
import { box, fan, middle, type Polygons, type Position, starThrough } from "./shapes.ts";
import { apartStars, drawn, holed, islands, spokes, stars, starsAcross } from "./stars.ts";

export interface TestArea {
  kind: string;
  /** None: everywhere, which is asked for by no area at all. */
  polygons: Polygons;
  /** Where the area is a box. */
  bbox?: Bbox;
}

/**
 * Areas of every kind, each drawn around trips so that it holds some and its edge runs among them.
 *
 * @param spots where trips begin and end, spot by spot; one of them, `antimeridian`, lies on both sides of it
 */
export function areas(spots: Position[][], antimeridian: Position[]): fc.Arbitrary<TestArea> {
  const spot = fc.constantFrom(...spots.filter((points) => points.length > 0));
  const near = spot.chain((points) => fc.tuple(fc.constantFrom(...points), touched(points)));
  const far = fc.tuple(spot, spot).chain(([a, b]) => fc.tuple(fc.constantFrom(...a), touched(b)));
  const pair = fc.oneof({ weight: 9, arbitrary: near }, { weight: 1, arbitrary: far });
  const handful = (min: number, max: number) =>
    spot.chain((points) => fc.array(fc.constantFrom(...points), { minLength: min, maxLength: max, size: "max" }));
  const kinds: Record<string, fc.Arbitrary<Polygons | Bbox>> = {
    box: boxes(pair),
    "box on the world's edge": boxesToWorldEdge(pair),
    star: stars(pair),
    holes: holed(pair),
    "ring with island": islands(pair),
    fan: drawn(pair).map(({ centre, ring }) => fan(centre, ring)),
    chessboard: handful(2, 5).map(chessboardThrough),
    islands: fc.tuple(handful(2, 5), spokes, unit).map(([places, parts, size]) => apartStars(places, parts, size)),
    sliver: slivers(pair),
    continent: fc.oneof(boxes(far), stars(far), holed(far)),
    "box across the antimeridian": boxesAcross(antimeridian, spots.flat()),
    "star across the antimeridian": starsAcross(antimeridian),
    "on cell borders": fc.oneof(gridBoxes(pair), gridDiamonds(pair), gridSkylines(pair)),
    "trips as vertices": handful(3, 60).map((places) => [[starThrough(middle(places), places)]]),
    "trips on edges along the axes": fc.tuple(handful(2, 24), fc.boolean(), unit).map(skylineThrough),
    "trip within an edge": midEdges(pair),
    everywhere: fc.constant([]),
  };
  return fc.oneof(
    ...Object.entries(kinds).map(([kind, shapes]) =>
      shapes.map((shape): TestArea => (isBbox(shape) ? boxArea(kind, shape) : { kind, polygons: shape })),
    ),
  );
}

const isBbox = (shape: unknown[]): shape is Bbox => typeof shape[0] === "number";

function boxArea(kind: string, bbox: Bbox): TestArea {
  const [west, south, east, north] = bbox;
  const sides =
    west < east
      ? [[west, east] as const]
      : ([
          [west, 180],
          [-180, east],
        ] as const);
  return { kind, polygons: sides.map(([w, e]) => [box(w, south, e, north)]), bbox };
}

/** The area as GeoJSON: its rings closed, one polygon by itself. */
export function geoJson({ polygons }: TestArea): string {
  const closed = polygons.map((rings) => rings.map((ring) => [...ring, ring[0]]));
  return JSON.stringify(
    closed.length === 1 ? { type: "Polygon", coordinates: closed[0] } : { type: "MultiPolygon", coordinates: closed },
  );
}
