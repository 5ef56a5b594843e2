import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellSizeAt, cellsIn, coverOf, degreesOf, MAX_ZOOM, tileFrom } from "../../src/tiles/tile.ts";
import { geohash } from "../harness/api.ts";
import { boxOf } from "./read-tile.ts";

const tiles = fc
  .record({
    z: fc.integer({ min: 0, max: MAX_ZOOM }),
    x: fc.double({ min: 0, max: 0.999999, noNaN: true }),
    y: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  })
  .map(({ z, x, y }) => ({ z, x: Math.floor(x * 2 ** z), y: Math.floor(y * 2 ** z) }));
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("tiles", () => {
  it("hold the cell of each of their points, whatever the size of the cells", () => {
    fc.assert(
      fc.property(tiles, share, share, (tile, east, north) => {
        const [w, s, e, n] = boxOf([tile.z, tile.x, tile.y]);
        const [lon, lat] = [Math.min(w + (e - w) * east, 179.999999), s + (n - s) * north];
        const size = cellSizeAt(tile.z);
        const cells = cellsIn(degreesOf(tile), size - 1);
        expect(cells).toContain(geohash(lon, lat, size - 1));
        expect(new Set(cells).size).toBe(cells.length);
        expect(cells.length).toBeLessThan(400);
        const cover = coverOf(degreesOf(tile), 7, 128);
        expect(cover.length).toBeLessThanOrEqual(128);
        expect(cover).toContain(geohash(lon, lat, cover[0]?.length));
      }),
    );
  });

  it("have no more cells than a map can draw", () => {
    for (let z = 0; z <= MAX_ZOOM; z++) {
      const middle = { z, x: 0, y: Math.floor(2 ** z / 2) };
      expect(cellsIn(degreesOf(middle), cellSizeAt(z)).length).toBeLessThan(11_000);
    }
  });

  it.each([
    ["0", "0", "0", { z: 0, x: 0, y: 0 }],
    ["18", "262143", "0", { z: 18, x: 262_143, y: 0 }],
    ["1", "2", "0", undefined],
    ["1", "0", "-1", undefined],
    ["19", "0", "0", undefined],
    ["1e0", "0", "0", undefined],
  ])("%s/%s/%s is read", (z, x, y, expected) => {
    expect(tileFrom(z, x, y)).toEqual(expected);
  });
});
