import fc from "fast-check";
import { borderBelow, cellSize } from "./grid.ts";
import { inWorld, type Position } from "./shapes.ts";

interface Spot {
  name: string;
  at: Position;
  /** Degrees. */
  spread: number;
}

/** Where trips gather. */
const SPOTS: Spot[] = [
  { name: "Turin", at: [7.67, 45.06], spread: 0.03 },
  { name: "Prague", at: [14.42, 50.08], spread: 0.02 },
  { name: "Bengaluru", at: [77.6, 12.95], spread: 0.01 },
  { name: "Quito", at: [-78.5, -0.2], spread: 0.02 },
  // Where the borders of cells of all sizes meet.
  { name: "Null Island", at: [0, 0], spread: 0.01 },
  { name: "Fiji", at: [180, -16.8], spread: 0.02 },
  { name: "North Pole", at: [25, 90], spread: 0.01 },
  { name: "South Pole", at: [-60, -90], spread: 0.01 },
  { name: "World", at: [0, 0], spread: 180 },
];
export const SPOT_NAMES = SPOTS.map(({ name }) => name);
export const ACROSS_ANTIMERIDIAN = SPOT_NAMES.indexOf("Fiji");

const unit = fc.integer({ min: 0, max: 2 ** 30 }).map((n) => n / 2 ** 30);
/** -1 to 1, more often near 0. */
const offset = fc.tuple(unit, unit).map(([a, b]) => a + b - 1);
const offsets: fc.Arbitrary<Position> = fc.tuple(offset, offset);
/** A few places that many trips share. */
const favourites = fc.nat(4).map((i): Position => [i / 3 - 0.6, 0.5 - i / 5]);

/** A place in one of the spots; many are on the borders of cells. */
export function placeIn(spot: number): fc.Arbitrary<Position> {
  const { at, spread } = SPOTS[spot] as Spot;
  return fc
    .tuple(fc.oneof({ weight: 8, arbitrary: offsets }, { weight: 1, arbitrary: favourites }), placing)
    .map(([by, move]) => onGlobe(move(moved(at, by, spread))));
}

/** A few hundred metres from a place at most. */
export const placeNear = (at: Position): fc.Arbitrary<Position> => offsets.map((by) => onGlobe(moved(at, by, 0.003)));

const moved = ([lon, lat]: Position, [x, y]: Position, by: number): Position =>
  onGlobe([lon + x * by, lat + y * Math.min(by, 90)]);

/** What lies beyond the antimeridian is on the other side, +180 being -180; what lies beyond a pole is on it. */
const onGlobe = ([lon, lat]: Position): Position =>
  inWorld([lon >= 180 ? lon - 360 : lon < -180 ? Math.min(lon + 360, beside(180, false)) : lon, lat]);

type Move = (at: Position) => Position;

const placing: fc.Arbitrary<Move> = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Move>((at) => at) },
  // A corner of cells, or one of their borders.
  {
    weight: 3,
    arbitrary: fc.integer({ min: 3, max: 7 }).map(
      (p): Move =>
        (at) =>
          onBorders(at, p, true, true),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.integer({ min: 5, max: 7 }), fc.boolean()).map(
      ([p, isLon]): Move =>
        (at) =>
          onBorders(at, p, isLon, !isLon),
    ),
  },
  // An eighth of a cell, which a sum or a product does not round.
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(7), fc.nat(7)).map(([i, j]): Move => {
      const { lon, lat } = cellSize(7);
      return (at) => {
        const [west, south] = onBorders(at, 7, true, true);
        return [west + (i / 8) * lon, south + (j / 8) * lat];
      };
    }),
  },
  // Just beside a border: by a last bit, or a tenth of a millimetre.
  {
    weight: 2,
    arbitrary: fc.tuple(fc.boolean(), fc.boolean()).map(
      ([isUp, isLon]): Move =>
        (at) => {
          const [west, south] = onBorders(at, 7, true, true);
          return isLon ? [beside(west, isUp), at[1]] : [at[0], south + (isUp ? 1e-9 : -1e-9)];
        },
    ),
  },
);

function onBorders([x, y]: Position, precision: number, onLon: boolean, onLat: boolean): Position {
  const { lon, lat } = cellSize(precision);
  return [onLon ? borderBelow(x, -180, lon) : x, onLat ? borderBelow(y, -90, lat) : y];
}

/** The next number, or the one after it. */
const beside = (value: number, isUp: boolean) =>
  value === 0 ? (isUp ? 1e-17 : -1e-17) : value * (1 + (isUp === value > 0 ? 1 : -1) * 2 ** -52);
