import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TimedTrip, timeTrips } from "../../src/storage/copy/timed-trips.db.ts";
import type { ZoneOffsets } from "../../src/storage/copy/zone-offsets.db.ts";
import type { SentTime } from "../../src/time/time-parts.ts";
import type { IdentifiedTrip } from "../../src/trips/trip.ts";
import { useService } from "../harness/index.ts";

const service = useService();

/** Zones, and days on which their clocks changed: by an hour, half of one, two, or a whole day; at night or at midnight. */
const CHANGES: Record<string, string[]> = {
  UTC: [],
  "Asia/Kolkata": [],
  "Asia/Kathmandu": [],
  "Europe/Rome": ["2018-03-25", "2018-10-28", "2000-03-26", "2027-10-31"],
  "America/St_Johns": ["2010-03-14", "2010-11-07", "2018-03-11", "2018-11-04"],
  "Australia/Lord_Howe": ["2018-04-01", "2018-10-07", "2026-04-05"],
  "America/Sao_Paulo": ["2018-02-18", "2018-11-04", "2019-02-17"],
  "Africa/Casablanca": ["2018-05-13", "2018-06-17", "2023-03-19", "2023-04-23"],
  "Africa/Cairo": ["2014-05-16", "2014-06-27", "2023-04-28"],
  "Asia/Pyongyang": ["2015-08-15", "2018-05-05"],
  "America/Caracas": ["2007-12-09", "2016-05-01"],
  "Antarctica/Troll": ["2018-03-25", "2018-10-28"],
  "Pacific/Apia": ["2011-12-30", "2012-04-01"],
};
const ZONES = Object.keys(CHANGES);

const HOUR_US = 3_600_000_000;

/** Microseconds since 1970 as times are written. */
function textOf(us: number): string {
  const seconds = new Date(Math.floor(us / 1_000_000) * 1000).toISOString().slice(0, 19);
  const fraction = ((us % 1_000_000) + 1_000_000) % 1_000_000;
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
}

const microseconds = fc.oneof(
  fc.constant(0),
  fc.constant(500_000),
  fc.constant(-1),
  fc.integer({ min: 0, max: 999_999 }),
);

/** Any time of these years, or one near a change of the zone's clocks. */
const timeIn = (zone: string, from: string, to: string) => {
  const us = (day: string) => Date.parse(day) * 1000;
  const any = fc.integer({ min: us(from) / HOUR_US, max: us(to) / HOUR_US }).map((hour) => hour * HOUR_US);
  const days = CHANGES[zone] ?? [];
  const near = fc
    .tuple(fc.constantFrom(...(days.length > 0 ? days : ["2018-06-01"])), fc.integer({ min: -2 * 144, max: 3 * 144 }))
    .map(([day, tenMinutes]) => us(day) + tenMinutes * (HOUR_US / 6));
  return fc
    .tuple(fc.oneof(any, near), microseconds, fc.boolean())
    .map(
      ([at, fraction, naive]): SentTime =>
        naive
          ? { kind: "naive", text: textOf(at + fraction) }
          : { kind: "instant", text: `${textOf(at + fraction)}+00:00` },
    );
};

interface Times {
  zone: string;
  started: SentTime;
  ended: SentTime | undefined;
  booked: SentTime | undefined;
}

const times = fc.constantFrom(...ZONES).chain((zone) =>
  fc.record({
    zone: fc.constant(zone),
    started: timeIn(zone, "2000-01-01", "2028-01-01"),
    // Other times need not be plausible.
    ended: fc.option(fc.oneof(timeIn(zone, "2000-01-01", "2028-01-01"), timeIn(zone, "1900-01-01", "2199-12-31")), {
      nil: undefined,
    }),
    booked: fc.option(timeIn(zone, "1999-12-01", "2028-01-01"), { nil: undefined }),
  }),
);

const tripOf = ({ zone, started, ended, booked }: Times) =>
  ({ source: "s", tripId: "t", region: zone, startedAt: started, endedAt: ended, bookedAt: booked }) as IdentifiedTrip;

/** What is found without the database: times by their row. */
async function found(sent: readonly Times[], offsets: ZoneOffsets): Promise<Map<number, TimedTrip<unknown>>> {
  const rows = sent.map((one, at) => ({ at, trip: tripOf(one), place: "UTC" }));
  const names = {
    fresh: { sources: [], regions: [] },
    zoneOf: ({ trip }: { trip: { region: string | undefined } }) => trip.region ?? "UTC",
    isByPlace: () => false,
  };
  const { timed, others } = await service.sql.begin((tx) => timeTrips(tx, rows, names, offsets));
  const all = [...timed.map(({ row }) => row), ...others];
  expect(all.map(({ at }) => at).sort((a, b) => a - b)).toEqual(rows.map(({ at }) => at));
  return new Map(timed.map((one) => [one.row.at, one]));
}

/** What the database says: local time and instant of each, in microseconds since 1970. */
async function asked(sent: readonly { zone: string; time: SentTime | undefined }[]) {
  const text = (kind: SentTime["kind"]) => sent.map(({ time }) => (time?.kind === kind ? time.text : null));
  return service.sql<{ local: number | null; instant: number | null }[]>`
    select (extract(epoch from coalesce(naive, moment at time zone zone)) * 1000000)::bigint as local,
           (extract(epoch from coalesce(moment, naive at time zone zone)) * 1000000)::bigint as instant
    from unnest(${sent.map(({ zone }) => zone)}::text[], ${text("naive")}::timestamp[], ${text("instant")}::timestamptz[])
      with ordinality as sent (zone, naive, moment, n)
    order by n`;
}

describe("times that are found without the database", () => {
  it("are those that it finds, to the microsecond, in any zone and near any change of clocks", async () => {
    // One for all runs, as a process has it.
    const offsets: ZoneOffsets = new Map();
    await fc.assert(
      fc.asyncProperty(fc.array(times, { minLength: 200, maxLength: 200 }), async (sent) => {
        const timed = await found(sent, offsets);
        const at = (pick: (one: Times) => SentTime | undefined) =>
          asked(sent.map((one) => ({ zone: one.zone, time: pick(one) })));
        const started = await at((one) => one.started);
        const ended = await at((one) => one.ended);
        const booked = await at((one) => one.booked);
        const rows = [...timed.keys()];
        expect(rows.map((row) => ({ ...timed.get(row), row: sent[row] }))).toEqual(
          rows.map((row) => ({
            row: sent[row],
            local: started[row]?.local,
            started: started[row]?.instant,
            ended: ended[row]?.instant ?? undefined,
            booked: booked[row]?.instant ?? undefined,
          })),
        );
        expect(rows.length).toBeGreaterThan(50);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it("are all but those within two days of a change of clocks", async () => {
    const noon = (day: string, days: number) => textOf(Date.parse(`${day}T12:00:00Z`) * 1000 + days * 24 * HOUR_US);
    const cases = ZONES.flatMap((zone) =>
      (CHANGES[zone] ?? []).flatMap((day) => [-3, 0, 3].map((days) => ({ zone, days, text: noon(day, days) }))),
    );
    const sent = cases.map(({ zone, text }, i): Times => {
      const started: SentTime = i % 2 ? { kind: "naive", text } : { kind: "instant", text: `${text}+00:00` };
      return { zone, started, ended: undefined, booked: undefined };
    });
    const timed = await found(sent, new Map());
    expect(cases.map(({ days }, row) => [days, timed.has(row)])).toEqual(cases.map(({ days }) => [days, days !== 0]));
  });

  it("are none of a clock elsewhere, which the database reads; the trip's other times need not be found either", async () => {
    const plain: SentTime = { kind: "naive", text: "2018-06-01T12:00:00" };
    const elsewhere: SentTime = { kind: "instant", text: "2018-06-01T12:00:00 America/Lima" };
    const sent = [
      { started: plain, ended: undefined, booked: undefined },
      { started: elsewhere, ended: undefined, booked: undefined },
      { started: plain, ended: elsewhere, booked: undefined },
      { started: plain, ended: plain, booked: elsewhere },
      { started: plain, ended: plain, booked: plain },
    ].map((one) => ({ zone: "Asia/Kolkata", ...one }));
    expect([...(await found(sent, new Map())).keys()]).toEqual([0, 4]);
  });
});
