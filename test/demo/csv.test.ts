import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { csvChunks, writeCsv } from "../../src/demo/csv.ts";
import { generateTrips } from "../../src/demo/generate.ts";
import type { Trip } from "../../src/trips/trip.ts";

const OPTIONS = { seed: 5, trips: 3000, from: "2024-06-03", weeks: 2 };
const HEADER =
  "trip_id,source,region,started_at,ended_at,origin_lon,origin_lat,destination_lon,destination_lat," +
  "distance_m,duration_s,driver_id,rider_id,vehicle_model";

const MINIMAL: Trip = {
  tripId: "a1",
  source: "s",
  region: undefined,
  startedAt: { kind: "naive", text: "2024-06-03T07:08:09" },
  endedAt: undefined,
  bookedAt: undefined,
  durationS: undefined,
  distanceM: undefined,
  origin: [-0.5, 10],
  destination: undefined,
  driverId: undefined,
  riderId: undefined,
  vehicleModel: undefined,
  attributes: undefined,
};

const textOf = (trips: Iterable<Trip>) => [...csvChunks(trips)].join("");
const parsed = (text: string) => parse(text, { columns: true }) as Record<string, string>[];

/** The trip that a row of generated CSV stands for: every column but attributes is known. */
function tripOf(row: Record<string, string>): Trip {
  const { trip_id, source, region, started_at, ended_at, origin_lon, origin_lat, destination_lon, destination_lat } =
    row;
  const { distance_m, duration_s, driver_id, rider_id, vehicle_model, currency, fare, payment } = row;
  return {
    tripId: trip_id,
    source: source ?? "",
    region,
    startedAt: { kind: "naive", text: started_at ?? "" },
    endedAt: ended_at ? { kind: "naive", text: ended_at } : undefined,
    bookedAt: undefined,
    durationS: duration_s ? Number(duration_s) : undefined,
    distanceM: distance_m ? Number(distance_m) : undefined,
    origin: [Number(origin_lon), Number(origin_lat)],
    destination: destination_lon ? [Number(destination_lon), Number(destination_lat)] : undefined,
    driverId: driver_id,
    riderId: rider_id || undefined,
    vehicleModel: vehicle_model,
    attributes: fare ? { fare, currency, payment } : undefined,
  };
}

describe("csvChunks", () => {
  it("carries every generated trip, unchanged", () => {
    const text = textOf(generateTrips(OPTIONS));
    expect(text.slice(0, text.indexOf("\n"))).toBe(`${HEADER},currency,fare,payment`);
    expect(text).toContain('"van, 7 seats"');
    expect(parsed(text).map(tripOf)).toEqual([...generateTrips(OPTIONS)]);
  });

  it("writes 6 decimals, and nothing for what is not known", () => {
    expect(textOf([MINIMAL])).toBe(`${HEADER}\na1,s,,2024-06-03T07:08:09,,-0.500000,10.000000,,,,,,,\n`);
  });

  it("quotes what a reader would take apart or trim", () => {
    const attributes = {
      comma: "a,b",
      quote: 'say "hi"',
      lines: "a\r\nb",
      space: " x ",
      "odd, name": "ü→字",
      list: [1, "b"],
    };
    const [row] = parsed(textOf([{ ...MINIMAL, region: "a\nb", attributes }]));
    expect(row).toMatchObject({ ...attributes, region: "a\nb", list: '[1,"b"]' });
    expect(textOf([{ ...MINIMAL, region: " x" }])).toContain('," x",');
  });

  it("has a header for no trips at all", () => {
    expect(textOf([])).toBe(`${HEADER}\n`);
  });

  it("comes in chunks of about 64 K characters, of whole lines", () => {
    const chunks = [...csvChunks(generateTrips({ ...OPTIONS, trips: 2000 }))];
    expect(chunks.length).toBeGreaterThan(4);
    for (const chunk of chunks) expect(chunk.endsWith("\n")).toBe(true);
    for (const chunk of chunks.slice(0, -1)) {
      expect(chunk.length).toBeGreaterThanOrEqual(65_536);
      expect(chunk.length).toBeLessThan(66_536);
    }
  });

  it("asks for trips only as they are needed", () => {
    let made = 0;
    const counted = function* () {
      for (const trip of generateTrips({ ...OPTIONS, trips: 1_000_000_000 })) {
        made++;
        yield trip;
      }
    };
    for (const _ of csvChunks(counted())) break;
    expect(made).toBeLessThan(1000);
  });

  it.each([
    [
      "an attribute that comes too late",
      [...Array<Trip>(250).fill(MINIMAL), { ...MINIMAL, attributes: { late: "1" } }],
    ],
    ["an attribute named like a column", [{ ...MINIMAL, attributes: { source: "1" } }]],
    ["a time of booking", [{ ...MINIMAL, bookedAt: MINIMAL.startedAt }]],
  ])("fails rather than loses %s", (_, trips) => {
    expect(() => textOf(trips)).toThrow(/attribute|booked/);
  });
});

describe("writeCsv", () => {
  it("writes the chunks to a file and counts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tripgrid-csv-"));
    try {
      const path = join(folder, "trips.csv");
      const written = await writeCsv(path, generateTrips(OPTIONS));
      expect(await readFile(path, "utf8")).toBe(textOf(generateTrips(OPTIONS)));
      expect(written).toEqual({ trips: OPTIONS.trips, bytes: (await stat(path)).size });
      await expect(writeCsv(path, [{ ...MINIMAL, bookedAt: MINIMAL.startedAt }])).rejects.toThrow("booked");
      await expect(writeCsv(join(folder, "no", "such"), [MINIMAL])).rejects.toThrow("ENOENT");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
