import { describe, expect, it } from "vitest";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { compileMapping } from "../../src/parsing/map-row.ts";
import { suggestMapping } from "../../src/suggestions/suggest-mapping.ts";

const RANGE = { min: "2000-01-01", max: "2027-01-01" };

/** A suggestion for CSV text without quotes. */
async function suggest(...lines: string[]) {
  const [header = [], ...rows] = lines.map((line) => line.split(","));
  return { ...(await suggestMapping(header, rows, { source: "s" })), header, rows };
}

/** The trips that the suggested mapping makes of the rows that it was suggested for. */
function tripsOf({ mapping, header, rows }: Awaited<ReturnType<typeof suggest>>) {
  const map = compileMapping(mappingFrom("m", mapping), true, RANGE);
  return rows.map((cells) => {
    const mapped = map(Object.fromEntries(header.map((name, i) => [name, cells[i]])));
    return "trip" in mapped ? mapped.trip : mapped.problems;
  });
}

describe("a mapping is suggested for", () => {
  it("shared bikes, with two time formats, minutes, and zeros where nothing is known", async () => {
    const made = await suggest(
      "trip_id,duration,start_time,end_time,start_station,start_lat,start_lon,end_station,end_lat,end_lon,bike_id,plan_duration",
      "94851570,4,2018-07-01 00:04:00,2018-07-01 00:08:00,3058,34.035801,-118.23317,3082,34.04652,-118.237411,06279,30",
      "94851571,33,7/1/2018 0:10,7/1/2018 0:43,4170,33.98434,-118.47155,3000,0,0,06411,0",
      "94851572,33,7/13/2018 0:11,7/13/2018 0:44,4170,33.98434,-118.47155,3000,,,06412,0",
    );
    expect(made.mapping).toEqual({
      columns: {
        trip_id: "trip_id",
        duration: { to: "duration_s", unit: "min" },
        start_time: "started_at",
        end_time: "ended_at",
        start_lat: "origin_lat",
        start_lon: "origin_lon",
        end_lat: { to: "destination_lat", empty: [0] },
        end_lon: { to: "destination_lon", empty: [0] },
      },
      constants: { source: "s" },
      time_formats: ["iso", "M/D/YYYY H:MM[:SS]"],
      other_columns: "attributes",
    });
    expect(tripsOf(made)).toMatchObject([
      { tripId: "94851570", durationS: 240, destination: [-118.237411, 34.04652], attributes: { bike_id: "06279" } },
      { startedAt: { text: "2018-07-01T00:10:00" }, destination: undefined },
      { startedAt: { text: "2018-07-13T00:11:00" }, destination: undefined },
    ]);
    expect(made.notes.join("\n")).toMatch(
      /end_lat, end_lon: 0 .*\n.*duration.*min.*\n.*source.*\n.*start_station, end_station/,
    );
  });

  it("counts by the hour, whose minute nothing says", async () => {
    const made = await suggest(
      "trip_date,trip_hour,pickup_lat,pickup_lon",
      "3/14/2019,0,40.7,-73.9",
      "3/14/2019,17,40.7,-73.9",
    );
    expect(made.mapping.columns.trip_date).toEqual({ to: "started_at", with: ["trip_hour"] });
    expect(tripsOf(made)).toMatchObject([
      { startedAt: { text: "2019-03-14T00:00:00" } },
      { startedAt: { text: "2019-03-14T17:00:00" } },
    ]);
    expect(made.notes.join("\n")).toMatch(/trip_date: trip_hour says the hour alone/);
  });

  it("times with an abbreviation of their zone, and those of .NET", async () => {
    const lines = ["start_time,lat,lon", "2018-05-21 02:54 CEST,45,7", "/Date(1526864044000)/,45,7"];
    expect(tripsOf(await suggest(...lines))).toMatchObject([
      { startedAt: { text: "2018-05-21T00:54:00+00:00" } },
      { startedAt: { text: "2018-05-21T00:54:04+00:00" } },
    ]);
  });

  it("bikes of another city, with camel case, spaces and names run together", async () => {
    const made = await suggest(
      "rideId,Start Time,stoptime,start station latitude,start station longitude,endLat,endLng,bikeid,usertype,userId",
      "a1,2018-07-01 00:04:00.1230,2018-07-01 00:14:00,40.7,-74,40.71,-74.01,5,Subscriber,u1",
    );
    expect(made.mapping.columns).toEqual({
      rideId: "trip_id",
      "Start Time": "started_at",
      stoptime: "ended_at",
      "start station latitude": "origin_lat",
      "start station longitude": "origin_lon",
      endLat: "destination_lat",
      endLng: "destination_lon",
      userId: "rider_id",
    });
    expect(tripsOf(made)).toMatchObject([
      { startedAt: { text: "2018-07-01T00:04:00.123" }, destination: [-74.01, 40.71] },
    ]);
  });

  it("taxis, with pickup and dropoff, AM and PM, miles, and texts for nothing", async () => {
    const made = await suggest(
      "vendor,pickup_datetime,dropoff_datetime,pickup_longitude,pickup_latitude,dropoff_longitude,dropoff_latitude,trip_distance_miles",
      "CMT,07/01/2018 12:04:00 AM,07/01/2018 12:14:00 AM,-73.99,40.75,NULL,NULL,2",
      "VTS,07/31/2018 01:04:00 PM,,-73.99,40.75,-73.98,40.76,1.5",
    );
    expect(made.mapping).toMatchObject({
      columns: { vendor: "source", trip_distance_miles: { to: "distance_m", unit: "mi" } },
      time_formats: ["M/D/YYYY H:MM[:SS] A"],
      empty: ["NULL"],
    });
    expect(made.mapping.constants).toBeUndefined();
    expect(tripsOf(made)).toMatchObject([
      { source: "CMT", startedAt: { text: "2018-07-01T00:04:00" }, destination: undefined, distanceM: 3218.688 },
      { startedAt: { text: "2018-07-31T13:04:00" }, endedAt: undefined, destination: [-73.98, 40.76] },
    ]);
  });

  it.each([
    ["id,start,lat1,lon1,lat2,lon2"],
    ["id,start,o_lat,o_lon,d_lat,d_lon"],
    ["id,start,Start Latitude [deg],Start Longitude [deg],End Latitude (WGS84),End Longitude (WGS84)"],
    ["id,start,pickup_y,pickup_x,dropoff_y,dropoff_x"],
  ])("both ends as in %s", async (header) => {
    const made = await suggest(header, "1,2018-07-01 00:04:00,45.07,7.67,45.1,7.7");
    expect(tripsOf(made)).toMatchObject([{ origin: [7.67, 45.07], destination: [7.7, 45.1] }]);
  });

  it("no x and y that are metres, or that stand beside degrees", async () => {
    const metres = await suggest("id,start,x,y", "1,2018-07-01 00:04:00,389000,5000000");
    expect(metres.notes).toContainEqual(expect.stringMatching(/^x: its values are no degrees, such as "389000"/));
    const both = await suggest("id,start,x,y,lat,lon", "1,2018-07-01 00:04:00,1,2,45.07,7.67");
    expect(tripsOf(both)).toMatchObject([{ origin: [7.67, 45.07] }]);
  });

  it("no table whose cells are separated by something else, and says so", async () => {
    const made = await suggest("id start lat lon", "1 2018-07-01T00:04:00 45.07 7.67");
    expect(made.notes).toContainEqual(expect.stringMatching(/^delimiter: the header has one column/));
  });

  it("WKT, seconds since 1970, and a driver", async () => {
    const made = await suggest(
      "booking_no,created_at,departure_ts,from_point,to_point,driver,city",
      "17,1526860000,1526864044,POINT (7.67 44.99),POINT (7.7 45),d1,Turin",
      "18,1526860001,1526864045,POINT (7.67 44.99),,d1,Turin",
    );
    expect(made.mapping.columns).toEqual({
      booking_no: "trip_id",
      created_at: "booked_at",
      departure_ts: "started_at",
      from_point: { to: "origin", form: "wkt" },
      to_point: { to: "destination", form: "wkt" },
      driver: "driver_id",
      city: "region",
    });
    expect(made.mapping.time_formats).toEqual(["unix"]);
    expect(tripsOf(made)).toMatchObject([
      { startedAt: { text: "2018-05-21T00:54:04+00:00" } },
      { destination: undefined },
    ]);
  });

  it("fields of JSON, with points and times as they come", async () => {
    const rows = [["x", 1526864044000, { type: "Point", coordinates: [7.67, 44.99] }, [7.7, 45]]];
    const { mapping } = await suggestMapping(["id", "startTime", "origin", "destination"], rows);
    expect(mapping).toMatchObject({
      columns: {
        id: "trip_id",
        startTime: "started_at",
        origin: { to: "origin", form: "geojson" },
        destination: "destination",
      },
      constants: { source: "CHANGE-ME" },
      time_formats: ["unix_ms"],
    });
  });

  it("a header alone, by names", async () => {
    expect((await suggest("id,start_time,start_lat,start_lng,end_lat,end_lng")).mapping.columns).toEqual({
      id: "trip_id",
      start_time: "started_at",
      start_lat: "origin_lat",
      start_lng: "origin_lon",
      end_lat: "destination_lat",
      end_lng: "destination_lon",
    });
  });
});

describe("times are known in the words of other languages and programs", () => {
  it.each([
    ["2. März 2018 08:00", "2018-03-02T08:00:00"],
    ["2 févr. 2018 08:00", "2018-02-02T08:00:00"],
    ["02-ene-2018 08:00", "2018-01-02T08:00:00"],
    ["2 de enero de 2018 08:00", "2018-01-02T08:00:00"],
    ["03/22/2018 8:00AM", "2018-03-22T08:00:00"],
    ["22.3.2018 8.00", "2018-03-22T08:00:00"],
    ["22/03/2018 08h00", "2018-03-22T08:00:00"],
    ["22/03/2018 08:00:00.000", "2018-03-22T08:00:00"],
    ["02-MAR-18 08.00.00.000000 PM", "2018-03-02T20:00:00"],
    ["2018 Mar 02 08:00:00 AM", "2018-03-02T08:00:00"],
    ["2018-03-02T08:00:00+01:00[Europe/Rome]", "2018-03-02T07:00:00+00:00"],
    ["Fri Mar 02 2018 08:00:00 GMT+0100 (CET)", "2018-03-02T07:00:00+00:00"],
    ["02/Mar/2018:08:00:00 +0100", "2018-03-02T07:00:00+00:00"],
  ])("%s", async (time, text) => {
    const made = await suggest("id,start,lat,lon", `1,${time},45.07,7.67`);
    expect(tripsOf(made)).toMatchObject([{ startedAt: { text } }]);
  });

  it("and named where they are not", async () => {
    expect((await suggest("id,start,lat,lon", "1,2018-03-02 08:00:00 CST,45.07,7.67")).notes).toContainEqual(
      expect.stringMatching(/^start: no known form of time fits "2018-03-02 08:00:00 CST"; write its pattern/),
    );
  });
});

describe("day or month first", () => {
  const formats = (...times: string[]) => suggest("start_time", ...times);

  it.each([
    [["1/2/2018 1:00", "1/13/2018 1:00"], ["M/D/YYYY H:MM[:SS]"]],
    [["1/2/2018 1:00", "13/1/2018 1:00"], ["D/M/YYYY H:MM[:SS]"]],
    [
      ["2018-07-01 00:04", "13/1/18 1:00:09"],
      ["iso", "D/M/YYYY H:MM[:SS]"],
    ],
    [["1.2.2018 1:00"], ["D.M.YYYY H:MM[:SS]"]],
    [["31-12-2018 1:00"], ["D-M-YYYY H:MM[:SS]"]],
    [["20181231235900"], ["YYYYMMDDHHMM[SS]"]],
    [["1-Jul-2018 1:00"], ["D-MMM-YYYY H:MM[:SS]"]],
  ])("is told by values above 12: %j", async (times, expected) => {
    expect((await formats(...times)).mapping.time_formats).toEqual(expected);
  });

  it("is noted where nothing tells, and where the values disagree", async () => {
    expect((await formats("1/2/2018 1:00")).notes.join()).toMatch(
      /nothing tells whether "1\/2\/2018 1:00" is M\/D\/YYYY/,
    );
    expect((await formats("13/1/2018 1:00", "14/1/2018 1:00", "1/13/2018 1:00")).notes.join()).toMatch(
      /"1\/13\/2018 1:00" can only be M\/D\/YYYY/,
    );
    expect((await formats("13/1/2018 1:00")).notes.join()).not.toMatch(/nothing tells/);
  });
});

describe("what is not certain", () => {
  it.each<[string, string[], RegExp]>([
    ["no time", ["start_lat,start_lon", "45,7"], /started_at is missing/],
    ["no place", ["start_time,station", "2018-07-01 00:04,5"], /origin is missing/],
    ["no destination", ["start_time,lat,lon", "2018-07-01 00:04,45,7"], /destination: no column/],
    ["a date without a time of day", ["start_date,lat,lon", "2018-07-01,45,7"], /start_date: it holds dates without/],
    [
      "the order of two coordinates",
      ["start_time;place".replace(";", ","), "2018-07-01 00:04,45 7"],
      /place: the latitude was taken to come first/,
    ],
    ["a unit", ["start_time,duration", "2018-07-01 00:04,5"], /duration: nothing tells its unit/],
    [
      "a time that says neither start nor end",
      ["pay_time,lat,lon", "2018-07-01 00:04,45,7"],
      /started_at: pay_time was taken/,
    ],
  ])("is noted: %s", async (_, lines, note) => {
    expect((await suggest(...lines)).notes.join("\n")).toMatch(note);
  });

  it("is not claimed: ids that repeat, latitudes of 131, numbers for times, names for numbers", async () => {
    const { columns } = (
      await suggest(
        "id,start_lat,start_lon,start_code,duration,region",
        "1,131,7,1526864044,long,5",
        "1,45,7,1526864045,short,6",
      )
    ).mapping;
    expect(columns).toEqual({});
  });

  it("is which unit a distance has, unless the places tell it", async () => {
    const head = "start_time,distance,start_lat,start_lon,end_lat,end_lon";
    const rows = (distance: string, count: number) =>
      Array.from({ length: count }, () => `2018-07-01 00:04,${distance},45,7,45.1,7`);
    const by = async (distance: string, count = 5) =>
      (await suggest(head, ...rows(distance, count))).mapping.columns.distance;
    expect(await by("15000")).toBe("distance_m");
    expect(await by("15")).toEqual({ to: "distance_m", unit: "km" });
    // A few rows tell nothing, and neither does a number between the units.
    expect(await by("15", 2)).toBeUndefined();
    expect(await by("300")).toBeUndefined();
  });
});
