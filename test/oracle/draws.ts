import fc from "fast-check";
import { inWorld, type Position } from "./shapes.ts";

/** Two places: the first one is to lie in the area, the second one on its edge. */
export type Pair = fc.Arbitrary<[Position, Position]>;

/** 0 to 1, both included. */
export const unit = fc.integer({ min: 0, max: 2 ** 20 }).map((n) => n / 2 ** 20);
export const signed = unit.map((n) => 2 * n - 1);

/** A place of a trip: itself, a last bit of the longitude away, a tenth of a millimetre, or about a cell. */
export const touched = (points: Position[]): fc.Arbitrary<Position> =>
  fc
    .tuple(
      fc.constantFrom(...points),
      fc.constantFrom([0, 0], [0, 0], [1e-14, 0], [1e-9, 1e-9], [0.0014, 0.0014], [0.0014, 0.0014], [0.0014, 0.0014]),
      signed,
      signed,
    )
    .map(([[lon, lat], [byLon = 0, byLat = 0], x, y]) => inWorld([lon + x * byLon, lat + y * byLat]));
