import { describe, expect, it } from "vitest";
import { encodingFor, policyOf, wantsPage, withMapStyle } from "../../src/explorer/explorer.ts";
import { asCsv, asCurl, asSql, weeklyCurl } from "../../web/src/copy-as.ts";
import { addDays, average, breaksOf, count, date, trips, window } from "../../web/src/format.ts";
import { boxOfCell } from "../../web/src/geohash.ts";
import { eventOf } from "../../web/src/live/follow.ts";
import { classLabels } from "../../web/src/map/scale.ts";
import { tilesAddress } from "../../web/src/questions.ts";
import { fromHash } from "../../web/src/state.ts";
import { geohash } from "../harness/api.ts";

const state = fromHash("area=bbox:7.6,45,7.7,45.1&source=o'neil&hours=7-9&days=sat&match=both&from=2018-05-07");

describe("copied as", () => {
  it("curl, a question names its area and filters, and no key", () => {
    expect(weeklyCurl("http://127.0.0.1:8080", state, true)).toBe(
      `curl 'http://127.0.0.1:8080/v1/weekly-averages?bbox=7.6%2C45%2C7.7%2C45.1&source=o%27neil&from=2018-05-07&match=both&hours=7-9&days=sat' \\
  -H "Authorization: Bearer $TRIPGRID_API_KEY"`,
    );
  });

  it("curl, a polygon is in the body, in quotes that a shell reads", () => {
    const body = { area: { type: "Polygon" }, source: "o'neil" };
    expect(asCurl("http://a", { method: "POST", path: "/v1/weekly-averages", body }, false)).toBe(
      `curl 'http://a/v1/weekly-averages' \\
  -H 'Content-Type: application/json' \\
  -d '{"area":{"type":"Polygon"},"source":"o'\\''neil"}'`,
    );
  });

  it("SQL, a question calls the function that answers it", () => {
    expect(asSql(state)).toBe(`select window_from, window_to, trips, weeks_in_window, average, weeks
from tripgrid.weekly_averages(
  area => st_makeenvelope(7.6, 45, 7.7, 45.1, 4326),
  match => 'both',
  source => 'o''neil',
  from_date => date '2018-05-07',
  hours => array[7, 8, 9],
  days => array[6]
);`);
    expect(asSql(fromHash("area=boundary:Turin"))).toContain("area => tripgrid.region_boundary('Turin')");
  });

  it("CSV, weeks have a line each, and what is withheld is empty", () => {
    const weeks = [
      { week: "2018-W19", start: "2018-05-07", trips: 3 },
      { week: "2018-W20", start: "2018-05-14", trips: null },
    ];
    expect(asCsv({ weeks })).toBe("week,start,trips\n2018-W19,2018-05-07,3\n2018-W20,2018-05-14,\n");
  });
});

describe("figures", () => {
  it("are short, and a dash where they are withheld", () => {
    expect([count(1234567), count(null), average(12.345), average(1234.5), average(null)]).toEqual([
      ...["1,234,567", "–", "12.3", "1,235", "–"],
    ]);
    expect([trips(1), trips(0), trips(null)]).toEqual(["1 trip", "0 trips", "– trips"]);
  });

  it("below one have two digits, also where they part classes", () => {
    expect([average(1 / 52), average(0.5), average(0)]).toEqual(["0.019", "0.5", "0.0"]);
    const breaks = [0.019, 0.04, 1.5, 17, 1200];
    const labels = ["< 0.019", "0.019 – 0.04", "0.04 – 1.5", "1.5 – 17", "17 – 1,200", "≥ 1,200"];
    expect(classLabels({ title: "", breaks, colours: [], isEmpty: false })).toEqual(labels);
  });

  it("have dates without a time zone, and windows that end on a Sunday", () => {
    expect(date("2025-03-30")).toBe("30 Mar 2025");
    expect(addDays("2025-03-30", 7)).toBe("2025-04-06");
    expect(window({ from: "2025-03-03", to: "2025-03-31" })).toBe("3 Mar 2025 to 30 Mar 2025");
  });

  it("are parted into classes that grow by a factor; where all are alike there is one", () => {
    const breaks = breaksOf(
      Array.from({ length: 1000 }, (_, i) => i + 1),
      4,
    );
    expect(breaks).toEqual([180, 320, 560]);
    expect(breaksOf([5, 5, 5], 6)).toEqual([]);
    expect(breaksOf([], 6)).toEqual([]);
  });
});

it("a cell's box holds the points whose geohash it is", () => {
  for (const [lon, lat] of [
    [7.68, 45.07],
    [-0.1, 51.5],
    [179.99, -89.9],
  ] as const) {
    for (const length of [3, 5, 6, 7]) {
      const [west, south, east, north] = boxOfCell(geohash(lon, lat, length));
      expect(west <= lon && lon <= east && south <= lat && lat <= north).toBe(true);
      expect(east - west).toBeCloseTo(360 / 2 ** Math.ceil((5 * length) / 2), 9);
    }
  }
});

it("tiles are asked for with the filters of the question", () => {
  expect(tilesAddress("cells", fromHash("area=region:Turin&hours=7-9&match=either"))).toBe(
    "/tiles/cells/{z}/{x}/{y}.mvt?match=either&hours=7-9&region=Turin",
  );
});

it("an event is its data and its id; a comment has neither", () => {
  expect(eventOf('event: committed\ndata: {"a":1}\nid: 47')).toEqual({ id: "47", data: '{"a":1}' });
  expect(eventOf(": all batches\nid: 4")).toEqual({ id: "4", data: "" });
});

describe("the page", () => {
  it("takes the smallest encoding that the client accepts", () => {
    const all = ["br", "gzip", "identity"] as const;
    expect(encodingFor("gzip, deflate, br, zstd", all)).toBe("br");
    expect(encodingFor("gzip;q=0.5, br;q=0", all)).toBe("gzip");
    expect(encodingFor("br", ["gzip", "identity"])).toBe("identity");
    expect(encodingFor(undefined, all)).toBe("identity");
  });

  it("is for those who ask for HTML", () => {
    expect(wantsPage("text/html,application/xhtml+xml,*/*;q=0.8")).toBe(true);
    expect(wantsPage("*/*")).toBe(false);
    expect(wantsPage(undefined)).toBe(false);
  });

  it("allows the operator's map, and the origins that it names, and nothing else", () => {
    const policy = policyOf("https://tiles.example/style.json?a=1&b=2", ["https://fonts.example"]);
    expect(policy).toContain("connect-src 'self' https://tiles.example https://fonts.example;");
    expect(policy).toContain("script-src 'self';");
    expect(policyOf(undefined)).not.toContain("http");
    expect(policyOf("/style.json")).not.toContain("http");
  });

  it("names the operator's map", () => {
    const html = '<meta name="map-style" content="" />';
    expect(withMapStyle(html, "https://a/?b&c")).toBe('<meta name="map-style" content="https://a/?b&amp;c" />');
    expect(withMapStyle(html)).toBe(html);
  });
});
