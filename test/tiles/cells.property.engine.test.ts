/**
 * The figures of cells in tiles against a plain loop over the trips, for random tiles, filters and least groups, with weeks that
 * the rollups know, weeks that they do not, and on TimescaleDB trips in the columnstore; counted from the trips and from profiles.
 *
 * `TRIPGRID_TEST_CASES` and `TRIPGRID_TEST_SEED` as in weekly-averages.property.engine.test.ts.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { refreshCellProfiles } from "../../src/rollups/cell-profiles.db.ts";
import { compressOldTrips } from "../../src/rollups/compress-trips.db.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { geohash, keepWeeksFor } from "../harness/api.ts";
import { countFrom, engine, NO_REFRESH, useService } from "../harness/index.ts";
import { type DatedTrip, type Oracle, type OracleTrip, readOracle } from "../oracle/brute-force.ts";
import { daysText, hoursText, questions, type TestQuestion } from "../oracle/questions.ts";
import { planRounds } from "../oracle/rounds.ts";
import { sendRound, sendTrips } from "../oracle/send.ts";
import { mondayOf } from "../oracle/weeks.ts";
import { boxOf, readTile, tileAt } from "./read-tile.ts";

const cases = Math.ceil(countFrom("TRIPGRID_TEST_CASES", engine === "embedded" ? 24 : 50, 5000) / 2);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);

const plan = planRounds(seed);
const stored = new Map(plan.first.map((trip) => [trip.trip_id, trip]));

interface Case {
  question: TestQuestion;
  zoom: number;
  /** The tile is the one of this trip's origin. */
  at: number;
  minTrips: number;
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  question: questions,
  zoom: fc.integer({ min: 0, max: 18 }),
  at: fc.nat(),
  minTrips: fc.constantFrom(1, 1, 3, 10),
});

const SIZES = [2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6];

describe(`cells in tiles (TRIPGRID_TEST_SEED=${seed})`, () => {
  const service = useService({}, NO_REFRESH);
  let session: Sql;
  beforeAll(async () => {
    session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    await sendTrips(service, plan.first);
    await refreshRollups(session, engine);
    await compressOldTrips(session, engine, keepWeeksFor("2020-01-06"));
  });
  afterAll(() => session?.end({ timeout: 5 }));

  const makeProfiles = async () => {
    await refreshRollups(session, engine);
    let made = 0;
    while (await refreshCellProfiles(session, engine, { minTrips: 1, minMean: 0, atOnce: true })) made++;
    expect(made).toBeGreaterThan(0);
  };

  const PHASES = [
    { when: "once the rollups are up to date", before: async () => {} },
    { when: "once all periods have profiles", before: () => makeProfiles() },
    {
      when: "with late trips and corrections that they have not taken up",
      before: async () => {
        if (plan.rounds[0]) await sendRound(service, plan.rounds[0], stored, undefined);
      },
    },
    { when: "with profiles that are made anew", before: () => makeProfiles() },
  ];

  describe.each(PHASES)("$when", ({ before }) => {
    let oracle: Oracle;
    beforeAll(async () => {
      await before();
      await service.sql`analyze`;
      oracle = await readOracle(service.sql);
    });

    it("equal a loop over the trips", { timeout: 600_000 + cases * 2000 }, async () => {
      let told = 0;
      const [everywhere] = await oracle.tryAreas([{ polygons: [] } as never]);
      const property = fc.asyncProperty(anyCase, async ({ question, zoom, at, minTrips }) => {
        const size = SIZES[zoom] ?? 7;
        const chosen = oracle.select(everywhere as never, { ...question, match: "origin" });
        const counts = new Map<string, number>();
        for (const trip of chosen) {
          for (const cell of cellsOf(trip, question.match, size)) counts.set(cell, (counts.get(cell) ?? 0) + 1);
        }
        const withheld = withheldOf(counts, minTrips);
        const [lon, lat] = (oracle.trips[at % oracle.trips.length] as OracleTrip).origin;
        const tile = tileAt(lon, lat, zoom);

        await service.sql`update tripgrid.settings set min_trips = ${minTrips}`;
        const reply = await readTile(service, `cells/${tile.join("/")}.mvt?${queryOf(question)}`);
        expect([200, 204]).toContain(reply.status);
        const weeks = weeksOf(oracle, question);
        const cells = reply.features.map(({ properties }) => properties);
        for (const { cell, trips, ...more } of cells) {
          const hidden = withheld.has(String(cell));
          expect([cell, trips]).toEqual([cell, hidden ? undefined : counts.get(String(cell))]);
          expect(more.withheld).toBe(hidden);
          if (weeks !== undefined) expect(more.weeks).toBe(weeks);
          if (weeks && !hidden) expect(more.trips_per_week).toBeCloseTo(Number(trips) / weeks, 9);
        }
        const inTile = [...counts.keys()].filter((cell) => overlaps(envelopeOf(cell), boxOf(tile)));
        expect(cells.map(({ cell }) => cell)).toEqual(expect.arrayContaining(inTile));
        expect(new Set(cells.map(({ cell }) => cell)).size).toBe(cells.length);
        told += inTile.length;
      });
      try {
        await fc.assert(property, { seed, numRuns: cases, interruptAfterTimeLimit: 500_000 + cases * 2000 });
      } finally {
        await service.sql`update tripgrid.settings set min_trips = 1`;
      }
      expect(told).toBeGreaterThan(cases / 2);
    });

    it("draw the single trips that a loop finds", { timeout: 600_000 + cases * 2000 }, async () => {
      let told = 0;
      const [everywhere] = await oracle.tryAreas([{ polygons: [] } as never]);
      const property = fc.asyncProperty(anyCase, async ({ question, zoom, at }) => {
        const match = question.match === "destination" ? "destination" : "origin";
        const places = oracle.trips.flatMap((trip) => (trip[match] ? [trip[match]] : []));
        const [lon, lat] = places[at % places.length] as [number, number];
        const tile = tileAt(lon, lat, Math.max(zoom, 10));
        const reply = await readTile(service, `trips/${tile.join("/")}.mvt?${queryOf({ ...question, match })}`);
        expect([200, 204]).toContain(reply.status);
        const drawn = reply.features.map(({ properties }) => String(properties.trip_id));
        expect(new Set(drawn).size).toBe(drawn.length);
        const chosen = oracle.select(everywhere as never, { ...question, match: "origin" });
        expect(chosen.map(({ trip_id }) => trip_id)).toEqual(expect.arrayContaining(drawn));
        const within = chosen.filter((trip) => isIn(trip[match], boxOf(tile))).map(({ trip_id }) => trip_id);
        // A tile that is cut holds more, also if they are all in one place.
        expect(reply.headers.get("tripgrid-truncated") === "true").toBe(drawn.length < within.length);
        if (drawn.length < within.length) return void expect(drawn.length).toBeGreaterThan(500);
        expect(drawn).toEqual(expect.arrayContaining(within));
        told += within.length;
      });
      await fc.assert(property, { seed, numRuns: cases, interruptAfterTimeLimit: 500_000 + cases * 2000 });
      expect(told).toBeGreaterThan(cases / 4);
    });
  });
});

function cellsOf({ origin, destination }: DatedTrip, match: TestQuestion["match"], size: number): Set<string> {
  const from = geohash(...origin, size);
  const to = destination ? geohash(...destination, size) : undefined;
  const cells = { origin: [from], destination: [to], both: from === to ? [from] : [], either: [from, to] }[match];
  return new Set(cells.flatMap((cell) => cell ?? []));
}

/** The small cells of each parent, and the smallest other one where they are few together. */
function withheldOf(counts: ReadonlyMap<string, number>, minTrips: number): Set<string> {
  const withheld = new Set<string>();
  const siblings = new Map<string, [string, number][]>();
  for (const one of counts) {
    const parent = one[0].slice(0, -1);
    siblings.set(parent, [...(siblings.get(parent) ?? []), one]);
  }
  for (const group of siblings.values()) {
    const sorted = group.sort(([a, n], [b, m]) => n - m || (a < b ? -1 : 1));
    const small = sorted.filter(([, n]) => n < minTrips);
    const together = small.reduce((sum, [, n]) => sum + n, 0);
    const other = together > 0 && together < minTrips ? sorted[small.length] : undefined;
    for (const [cell] of [...small, ...(other ? [other] : [])]) withheld.add(cell);
  }
  return withheld;
}

/** The weeks of the window. An end that is not given is the first or last week with a trip of this source and region. */
function weeksOf({ trips }: Oracle, { source, region, from, to }: TestQuestion): number | undefined {
  const mondays = trips
    .filter((trip) => (source ?? trip.source) === trip.source && (region ?? trip.region) === trip.region)
    .map(({ local_time }) => mondayOf(local_time))
    .sort();
  const [first, last] = [from ? mondayOf(from) : mondays[0], to ? mondayOf(to) : mondays.at(-1)];
  return first && last ? Math.max((Date.parse(last) - Date.parse(first)) / (7 * 86_400_000) + 1, 0) : undefined;
}

function queryOf({ hours, days, ...rest }: TestQuestion): URLSearchParams {
  const query = new URLSearchParams(rest as unknown as Record<string, string>);
  if (hours) query.set("hours", hoursText(hours));
  if (days) query.set("days", daysText(days));
  return query;
}

type Box = [west: number, south: number, east: number, north: number];
const overlaps = ([w, s, e, n]: Box, [west, south, east, north]: Box) => w < east && e > west && s < north && n > south;

const isIn = (point: readonly number[] | null, [west, south, east, north]: Box) => {
  const [lon = Number.NaN, lat = Number.NaN] = point ?? [];
  return lon > west && lon < east && lat > south && lat < north;
};

function envelopeOf(cell: string): Box {
  const box: Box = [-180, -90, 180, 90];
  let isLon = true;
  for (const letter of cell) {
    const value = "0123456789bcdefghjkmnpqrstuvwxyz".indexOf(letter);
    for (let bit = 16; bit >= 1; bit /= 2) {
      const [low, high] = isLon ? [0, 2] : [1, 3];
      const middle = ((box[low] as number) + (box[high] as number)) / 2;
      box[value & bit ? low : high] = middle;
      isLon = !isLon;
    }
  }
  return box;
}
