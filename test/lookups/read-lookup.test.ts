import { describe, expect, it } from "vitest";
import { readLookup } from "../../src/lookups/read-lookup.ts";

const read = (sent: string | object, id?: string) =>
  readLookup(Buffer.from(typeof sent === "string" ? sent : JSON.stringify(sent)), id);
const AT = { id: "1", geometry: { type: "Point", coordinates: [7.6, 45] } };
const SQUARE = [
  [
    [7, 45],
    [8, 45],
    [8, 46],
    [7, 45],
  ],
] as const;

describe("places are read from", () => {
  it.each<[string, string | object]>([
    ["a CSV", "station_id,lat,lon\n1,45,7.6\n"],
    ["one with semicolons, decimal commas and titles", "Stations\nID;Breitengrad;Längengrad\n1;45,0;7,6\n"],
    ["one with points as WKT", 'id,location\n1,"POINT (7.6 45)"\n'],
    ["GBFS", { last_updated: 1, data: { stations: [{ station_id: "1", name: "x", lat: 45, lon: 7.6 }] } }],
    ["a list", [{ id: 1, lat: 45, lng: 7.6 }]],
    ["stations in a network", { network: { stations: [{ id: "1", latitude: 45, longitude: 7.6 }] } }],
    ["numbers as text", { stations: [{ id: "1", lat: "45.0", lon: "7.6" }] }],
    [
      "GeoJSON",
      { type: "FeatureCollection", features: [{ type: "Feature", properties: { ID: 1 }, geometry: AT.geometry }] },
    ],
  ])("%s", async (_, sent) => {
    expect(await read(sent)).toEqual([AT]);
  });

  it("areas as WKT, and each part of one with several", async () => {
    const wkt = '"MULTIPOLYGON (((7 45, 8 45, 8 46, 7 45)))"';
    const areas = await read(`OBJECTID,the_geom,LocationID\n5,${wkt},1\n6,${wkt},1\n`, "LocationID");
    expect(areas).toEqual([1, 2].map(() => ({ id: "1", geometry: { type: "MultiPolygon", coordinates: [SQUARE] } })));
  });

  it("a collection with a coordinate reference system, which goes with each place", async () => {
    const crs = { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::2263" } };
    const places = ["Point", "Polygon"].map((type) => ({
      type: "Feature",
      properties: { id: type },
      geometry: { type, coordinates: type === "Point" ? [980_000, 200_000] : [SQUARE[0]] },
    }));
    const sent = await read({ type: "FeatureCollection", crs, features: places });
    expect(sent.map(({ geometry }) => geometry.crs)).toEqual(
      [1, 2].map(() => ({ type: "name", properties: { name: "EPSG:2263" } })),
    );
  });

  it("a large CSV in pieces, while others have their turns", async () => {
    let turns = 0;
    const counting = setInterval(() => turns++, 0);
    const rows = Array.from({ length: 100_000 }, (_, i) => `${i},45.01,7.61,"a, b"`);
    expect(await read(`id,lat,lon,name\n${rows.join("\n")}`)).toHaveLength(100_000);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(5);
  });
});

describe("what is refused", () => {
  it.each<[string, string | object, RegExp]>([
    ["no id", "name,lat,lon\nx,45,7.6\n", /no column for an id/],
    ["no coordinates", "id,name\n1,x\n", /no column for a longitude/],
    ["an empty coordinate", "id,lat,lon\n1,45,7.6\n2,,\n", /row 2: expected two coordinates/],
    ["metres", "id,x,y\n1,389000,5000000\n", /row 1: latitude 5000000/],
    [
      "an area in feet without crs",
      {
        type: "FeatureCollection",
        features: [
          {
            type: "Feature",
            id: 1,
            properties: {},
            geometry: {
              type: "Polygon",
              coordinates: [
                [
                  [980_000, 200_000],
                  [981_000, 200_000],
                  [981_000, 201_000],
                  [980_000, 200_000],
                ],
              ],
            },
          },
        ],
      },
      /name the coordinate reference system in crs/,
    ],
    ["no list", { a: 1 }, /a list of stations/],
  ])("%s", async (_, sent, message) => {
    await expect(read(sent)).rejects.toThrow(message);
  });
});
