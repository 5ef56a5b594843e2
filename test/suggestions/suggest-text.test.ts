import { describe, expect, it } from "vitest";
import { chooseMapping } from "../../src/mappings/choose-mapping.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { classifyRows } from "../../src/parsing/classify-rows.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";
import { streamRows } from "../../src/parsing/stream-rows.ts";
import { suggestText } from "../../src/suggestions/suggest-text.ts";
import { charsetOf, UTF8 } from "../../src/text/charset.ts";

const PLACES = new Map<string, readonly [number, number]>([
  ["280", [8, 50]],
  ["278", [8.1, 50.1]],
]);
const lookupsFor = async () => new Map(["file-stations", "ecobici-stations"].map((name) => [name, PLACES]));

/** The proposal for a file, and the trips that it makes of the file's rows. */
async function tried(file: string | Buffer) {
  const bytes = Buffer.from(file);
  const open = async function* () {
    yield bytes;
  };
  const made = await suggestText(open, { otherwise: "file" }, lookupsFor);
  if (!made.trial) return { ...made, trips: [] };
  const charset = charsetOf(bytes, undefined);
  const reading = charset === UTF8 ? {} : { charset };
  const stream = await streamRows(open(), undefined, 1000, undefined, undefined, ROW_LIMITS, reading);
  const { value } = await stream.blocks.next();
  const { trips } = await classifyRows(value?.rows ?? [], {
    ...{ batchId: "", mapping: mappingFrom("m", made.mapping), identity: "content", header: stream.header },
    startRange: { min: "2000-01-01", max: "2027-01-01" },
    about: { lookups: await lookupsFor(), numbers: { decimal: stream.format.decimal } },
  });
  return { ...made, trips: trips.map(({ trip }) => trip) };
}

const HERE = [7.67, 45.07];
const at = (text: string, origin: readonly number[] = HERE) => ({ startedAt: { text }, origin });

describe("a mapping that is proposed for a file reads it:", () => {
  it.each<[string, string | Buffer, object]>([
    ["days as spreadsheets count them", "id,start_time,lat,lon\n1,45719.34375,45.07,7.67\n", at("2025-03-03T08:15:00")],
    [
      "microseconds since 1970",
      "id,start_ts,lat,lon\n1,1526864044000000,45.07,7.67\n",
      at("2018-05-21T00:54:04+00:00"),
    ],
    [
      "milliseconds in a column that says so",
      "id,start_ms,lat,lon\n1,1571667600000,45.07,7.67\n",
      at("2019-10-21T14:20:00+00:00"),
    ],
    [
      "geohashes",
      "id,start_time,start_geohash\n1,2024-01-05 08:15,u0j2w\n",
      at("2024-01-05T08:15:00", [7.66845703125, 45.10986328125]),
    ],
    [
      "H3 cells",
      "id,start_time,h3_start\n1,2024-01-05 08:15,891ea6d6533ffff\n",
      at("2024-01-05T08:15:00", [expect.closeTo(10.001, 3), expect.closeTo(45, 3)]),
    ],
    [
      "plus codes",
      "id,start_time,pickup plus code\n1,2024-01-05 08:15,8FPH3M9M+7C\n",
      at("2024-01-05T08:15:00", [expect.closeTo(11.6836, 3), expect.closeTo(44.0682, 3)]),
    ],
    [
      "the native columns, with numbers as text",
      '[{"trip_id":"1","source":"s","started_at":"2024-01-05T08:15","origin_lon":"7.67","origin_lat":"45.07"}]',
      at("2024-01-05T08:15:00"),
    ],
    [
      "names of months, and AM",
      'id,start,lat,lon\n1,"Jan 5, 2024, 8:15:31 AM",45.07,7.67\n',
      at("2024-01-05T08:15:31"),
    ],
    [
      "Unix times in columns that are named for an end alone",
      "id,trip_start,end,lat,lon\n1,1526864044,1526864144,45.07,7.67\n",
      { ...at("2018-05-21T00:54:04+00:00"), endedAt: { text: "2018-05-21T00:55:44+00:00" } },
    ],
    [
      "the features of a map server, with the attributes of each",
      JSON.stringify({
        ...{ geometryType: "esriGeometryPoint", spatialReference: { wkid: 4326 } },
        features: [{ attributes: { OBJECTID: 1, TRIP_START: 1526864044000 }, geometry: { x: 7.67, y: 45.07 } }],
      }),
      at("2018-05-21T00:54:04+00:00"),
    ],
    [
      "the documents of a search engine",
      JSON.stringify({
        hits: { hits: [{ _id: "x", _source: { id: "a", begin_time: "2024-01-05T08:15:31", lat: 45.07, lon: 7.67 } }] },
      }),
      at("2024-01-05T08:15:31"),
    ],
    [
      "midnight as 24:00, and a date with a midnight of its own",
      "id,StartDate,StartTime,lat,lon\n1,2019/09/20 00:00:00+00,24:00,45.07,7.67\n",
      at("2019-09-21T00:00:00"),
    ],
    [
      "date and time in Spanish columns, with stations",
      "Fecha_Retiro,Hora_Retiro,Estacion_Retiro,Fecha_Arribo,Hora_Arribo,Estacion_Arribo\n13/03/2019,0:00:43,280,13/03/2019,0:06:59,278\n",
      { ...at("2019-03-13T00:00:43", [8, 50]), endedAt: { text: "2019-03-13T00:06:59" }, destination: [8.1, 50.1] },
    ],
    [
      "German names, semicolons, commas and Latin-1",
      Buffer.from(
        "Fahrt-Nr;Startzeit;Endzeit;Breitengrad Start;Längengrad Start;Straße\n1;13.01.2024 08:15;13.01.2024 08:30;45,07;7,67;Süd\n",
        "latin1",
      ),
      { ...at("2024-01-13T08:15:00"), endedAt: { text: "2024-01-13T08:30:00" }, tripId: "1" },
    ],
    [
      "a line that tells the delimiter",
      "sep=;\r\nid;start;lat;lon\r\n1;13.01.2024 08:15;45,07;7,67\r\n",
      at("2024-01-13T08:15:00"),
    ],
    [
      "degrees, minutes and seconds",
      `id,start_time,lat,lon\n1,2024-01-05 08:15,"45°4'12""N","7°40'12""E"\n`,
      at("2024-01-05T08:15:00"),
    ],
    [
      "a letter for the half of the world",
      "id,start_time,lat,lon\n1,2024-01-05 08:15,40.7128 N,74.0060 W\n",
      at("2024-01-05T08:15:00", [-74.006, 40.7128]),
    ],
    [
      "both coordinates in one column whose name says their order",
      'id,start_time,start_lon_lat\n1,2024-01-05 08:15,"7.67 45.07"\n',
      at("2024-01-05T08:15:00"),
    ],
    [
      "points of a database",
      "id,start_time,start_geom\n1,2024-01-05 08:15,0101000020E6100000AE47E17A14AE1E40295C8FC2F5884640\n",
      at("2024-01-05T08:15:00"),
    ],
    [
      "thousands with commas, beside decimal points",
      'id,start,end,lat,lon,duration (s)\n1,2024-01-05 08:15,2024-01-05 08:45,45.07,7.67,"1,800"\n2,2024-01-05 08:15,2024-01-05 08:25,45.07,7.67,600\n',
      { ...at("2024-01-05T08:15:00"), durationS: 1800 },
    ],
    [
      "thousands with spaces, beside decimal commas",
      "id;start;lat;lon;distance_m\n1;13.01.2024 08:15;45,07;7,67;1\u00a0234,5\n",
      { ...at("2024-01-13T08:15:00"), distanceM: 1234.5 },
    ],
    [
      "stations without ids beside their names",
      "Start station,Start at,End station,End at\n280,2016-04-01 06:00:16 +0200,278,2016-04-01 06:10:00 +0200\n",
      { ...at("2016-04-01T04:00:16+00:00", [8, 50]), destination: [8.1, 50.1] },
    ],
    [
      "a file with its header again in the middle, and a total at its end",
      `id,start_time,lat,lon\n${"1,2024-01-05 08:15,45.07,7.67\n".repeat(9)}id,start_time,lat,lon\nTotal,9,,\n`,
      at("2024-01-05T08:15:00"),
    ],
  ])("%s", async (_, file, first) => {
    const { trips, notes, trial } = await tried(file);
    expect(trips[0], notes.join("\n")).toMatchObject(first);
    expect(trial?.trips).toBe(trips.length);
  });
});

describe("the notes of a proposal", () => {
  it.each([
    [
      "tell that coordinates look exchanged",
      "id,start_time,lat,lon\n1,2024-01-05 08:15,-73.9,40.7\n",
      /1 rows look like latitude and longitude exchanged/,
    ],
    [
      "tell that coordinates are no degrees",
      "id,start_time,start_lat,start_lon\n1,2024-01-05 08:15,5934000,567000\n",
      /start_lat: its values are no degrees, such as "5934000"/,
    ],
    [
      "tell that a point may begin with its latitude",
      '[{"id": 1, "start": "2024-01-05T08:15:00Z", "from": [45.07, 7.67]}]',
      /from: the longitude was taken to come first/,
    ],
    [
      "tell that an object holds a trip in each member",
      '{"a": {"start": "2024-01-05T08:15:00Z", "lat": 45, "lon": 7}, "b": {"start": "2024-01-05T09:15:00Z", "lat": 45, "lon": 7}}',
      /one object with a member for each trip/,
    ],
  ])("%s", async (_, file, note) => {
    expect((await tried(file)).notes.join("\n")).toMatch(note);
  });

  it("are an error if none of the first 10,000 can be read, whatever follows", async () => {
    const good = '{"source":"s","started_at":"2024-05-21T08:00:00","origin":[7.67,45.07]}';
    await expect(tried(`[${"0,".repeat(9_999)}${good}]`)).resolves.toMatchObject({ trial: { trips: 1 } });
    await expect(tried(`[${"0,".repeat(10_000)}${good}]`)).rejects.toThrow(/^None of the first 10000 rows can be read/);
    const { trial, mapping } = await tried(`[${good},${"0,".repeat(200_000)}${good.replace("origin", "start_point")}]`);
    expect([trial?.trips, Object.keys(mapping.columns)]).toEqual([1, ["source", "started_at", "origin"]]);
  });

  it("are an error if no row can be read, which says why", async () => {
    const file = Buffer.concat([Buffer.from("id,lat\n1,"), Buffer.from([0xc5, 0xc5, 0xff, 0xd7]), Buffer.from("\n")]);
    await expect(tried(file)).rejects.toThrow(/no row that can be read: row 1: .*not UTF-8/);
  });

  it("name the built-in mapping whose columns are there in another spelling", async () => {
    const header = "RIDE_ID,RIDEABLE_TYPE,STARTED_AT,ENDED_AT,START_LAT,START_LNG,END_LAT,END_LNG,MEMBER_CASUAL";
    const file = `${header}\na,electric_bike,2024-03-02 08:00:00,2024-03-02 08:10:00,45.07,7.67,45.08,7.68,member\n`;
    const { notes, trips, mapping } = await tried(file);
    expect(notes[0]).toBe("The columns are those of the built-in mapping lyft in another spelling.");
    expect(trips).toMatchObject([{ origin: HERE, destination: [7.68, 45.08], tripId: "a" }]);
    expect(mapping.columns).toHaveProperty("STARTED_AT", "started_at");
    expect(() => chooseMapping(undefined, { form: "csv", fields: header.split(",") }, [])).toThrow(
      /has the columns of lyft in another spelling; tripgrid mapping suggest/,
    );
  });
});
