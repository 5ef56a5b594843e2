import { describe, expect, it } from "vitest";
import { CITIES } from "../../src/demo/cities.ts";
import { crossings, edgesOf, isInside, OUTLINES, type Ring } from "./outline.ts";

describe("the checks themselves", () => {
  // Rings as a line of "lon lat" pairs.
  const ringOf = (text: string) => text.split(", ").map((pair) => pair.split(" ").map(Number)) as unknown as Ring;
  const square = ringOf("0 0, 2 0, 2 2, 0 2, 0 0");

  it("find nothing wrong with a square", () => {
    expect(crossings(square)).toEqual([]);
  });

  it.each([
    ["a bow tie", "0 0, 2 2, 2 0, 0 2, 0 0"],
    ["a vertex on an edge", "0 0, 2 0, 2 2, 1 0, 0 2, 0 0"],
    ["an edge that doubles back", "0 0, 2 0, 1 0, 1 2, 0 0"],
    ["a vertex used twice", "0 0, 2 0, 1 1, 2 2, 0 2, 1 1, 0 0"],
    ["a spike where the ring closes", "0 0, 2 0, 2 2, 1 0, 0 0"],
  ])("find %s", (_, text) => {
    expect(crossings(ringOf(text))).not.toEqual([]);
  });

  it("tell inside from outside", () => {
    expect(isInside(square, [1, 1])).toBe(true);
    expect(isInside(square, [3, 1])).toBe(false);
    expect(isInside(square, [-1, 1])).toBe(false);
  });
});

describe.each(OUTLINES)("the outline of $name", ({ name, feature, ring }) => {
  it("is a polygon with one closed ring of 20 to 40 vertices", () => {
    expect(feature.type).toBe("Feature");
    expect(feature.geometry.type).toBe("Polygon");
    expect(feature.geometry.coordinates).toHaveLength(1);
    expect(ring.at(-1)).toEqual(ring[0]);
    expect(ring.length - 1).toBeGreaterThanOrEqual(20);
    expect(ring.length - 1).toBeLessThanOrEqual(40);
  });

  it("does not cross or touch itself", () => {
    expect(crossings(ring)).toEqual([]);
  });

  it("runs counter-clockwise, as RFC 7946 wants exteriors", () => {
    const doubled = edgesOf(ring).reduce((sum, [a, b]) => sum + a[0] * b[1] - b[0] * a[1], 0);
    expect(doubled).toBeGreaterThan(0);
  });

  it("says its name, time zone, source and licence", () => {
    const { time_zone, ...rest } = feature.properties as Record<string, string>;
    expect(rest).toEqual({
      name,
      source: "drawn by hand for Tripgrid; a rough outline, not a boundary of record",
      licence: "Apache-2.0",
    });
    // An unknown zone throws a RangeError.
    expect(() => new Intl.DateTimeFormat("en", { timeZone: time_zone })).not.toThrow();
  });

  it("holds the first spot of the city, its centre", () => {
    const [lon, lat] = CITIES.find((city) => city.name === name)?.spots[0] ?? [Number.NaN, Number.NaN];
    expect(isInside(ring, [lon, lat])).toBe(true);
  });
});
