import type { Point } from "../geo/point.ts";
import type { SentTime } from "../time/time-parts.ts";
import { isDate } from "../time/week.ts";
import type { Trip } from "../trips/trip.ts";
import { CITIES, type City, FLOWS, type Spot, USES, type Use } from "./cities.ts";
import { Random, weighted } from "./random.ts";

export interface GenerateOptions {
  /** A non-negative integer. The same seed gives the same trips on every machine. */
  seed: number;
  /** The exact number of trips. */
  trips: number;
  /** The first day, a Monday, `YYYY-MM-DD`, and the number of weeks from there that the trips are spread over. */
  from: string;
  weeks: number;
}

/** Invented fleets and their shares. The last fleet is hailed in the street, so its riders are unknown. */
const SOURCES = Object.entries({ velvet_cab: 41, kumquat_rides: 30, otter_go: 18, lamppost_taxi: 11 });
/** Each driver has one of these models. One has a comma because real files have such names, and CSV must quote them. */
const MODELS = ["sedan hybrid", "compact electric", "estate diesel", "compact petrol", "van, 7 seats"];
const PAYMENTS = ["card", "app", "cash"];
const WITHOUT_DESTINATION = 0.21;
const GROWTH_PER_WEEK = 0.001;
/**
 * The speed of traffic, in tenths of the speed on empty streets, by hour of a working day. At weekends half of the
 * delay remains.
 */
const TRAFFIC = [10, 10, 10, 10, 10, 10, 9, 7, 6, 7, 8, 8, 8, 8, 8, 7, 6, 5, 6, 7, 8, 9, 10, 10];
const METRES_PER_DEGREE = 111_195;
/** The dates of the European Union's clock changes, among Sundays. */
const CLOCK_CHANGE = /-(03|10)-(2[5-9]|3[01])$/;
/** Precomputed, since formatting both times of every trip would take longer than everything else. */
const MINUTES = Array.from({ length: 1440 }, (_, minute) => new Date(minute * 60_000).toISOString().slice(10, 17));
const SECONDS = Array.from({ length: 60 }, (_, second) => String(second).padStart(2, "0"));

/**
 * Generates plausible trips of four cities: commuters in the morning and evening of working days, nights out at the
 * weekend, airports and stations, slight growth every week, and about one trip in five without a destination.
 *
 * Times are naive local times of the city. Points are longitude and latitude in degrees, rounded to 6 decimals, and
 * attributes are texts, so that CSV carries exactly these trips. Weeks follow each other; the trips of a week have no
 * order. Ids count from 1 in every call, so two calls give the same ids. Invalid options throw a RangeError when the
 * first trip is requested.
 */
export function* generateTrips({ seed, trips, from, weeks }: GenerateOptions): Generator<Trip> {
  const start = Date.parse(from);
  if (!isDate(from) || new Date(start).getUTCDay() !== 1) throw new RangeError(`from is no Monday: ${from}`);
  if (!Number.isSafeInteger(trips) || trips < 0) throw new RangeError(`trips is no count: ${trips}`);
  if (!Number.isSafeInteger(weeks) || weeks < 1) throw new RangeError(`weeks is no positive integer: ${weeks}`);
  const random = Random.seeded(seed);
  const makers = CITIES.map((city) => tripMaker(city, random));
  const plan = Array.from({ length: weeks }, (_, week) => {
    const dates = Array.from({ length: 8 }, (_, day) => dateOf(start + (week * 7 + day) * 86_400_000));
    const month = Number(dates[3]?.slice(5, 7)) - 1; // of the Thursday, as ISO does with years
    const weights = CITIES.map((city) => city.share * (city.season[month] as number) * (1 + GROWTH_PER_WEEK * week));
    return { dates, weights, weight: sum(weights) };
  });
  const total = sum(plan.map((week) => week.weight));
  let weightSoFar = 0;
  let made = 0;
  for (const { dates, weights, weight } of plan) {
    weightSoFar += weight;
    // The running total determines the end of each week, so rounding errors cannot add up, and the last week ends at
    // `trips`.
    const until = Math.round(trips * (weightSoFar / total));
    const pickCity = weighted(makers, (_, i) => weights[i] as number);
    while (made < until) yield pickCity(random)(++made, dates);
  }
}

const dateOf = (epochMs: number) => new Date(epochMs).toISOString().slice(0, 10);
const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
const naive = (text: string): SentTime => ({ kind: "naive", text });
const clock = (second: number) => `${MINUTES[Math.floor(second / 60)]}${SECONDS[second % 60]}`;
const round6 = (degrees: number) => Math.round(degrees * 1e6) / 1e6;
const square = (n: number) => n * n;

/** Makes trip `number` in the week of `dates`: its seven days, and one more day that a trip may end on. */
function tripMaker(city: City, random: Random): (number: number, dates: readonly string[]) => Trip {
  const slug = city.name.toLowerCase();
  // Metres in a degree of longitude. Rounded, as a cosine may differ in its last bit between machines.
  const perLon = Math.round(METRES_PER_DEGREE * Math.cos(((city.spots[0]?.[1] ?? 0) * Math.PI) / 180));
  const pickSlot = weighted(slotsOf(city), (slot) => slot.weight);
  const pickSource = weighted(SOURCES, ([, share]) => share);
  const pickSpot = (use: Use) => weighted(city.spots, (spot) => spot[USES[use]]);
  const spots = { home: pickSpot("home"), work: pickSpot("work"), night: pickSpot("night"), gate: pickSpot("gate") };
  const near = ([lon, lat, m]: Spot): Point => [
    round6(lon + (random.normal() * m) / perLon),
    round6(lat + (random.normal() * m) / METRES_PER_DEGREE),
  ];
  const metres = (a: Point | Spot, b: Point) =>
    Math.sqrt(square((b[0] - a[0]) * perLon) + square((b[1] - a[1]) * METRES_PER_DEGREE));
  return (number, dates) => {
    const { from, to, day, hour, metresPerS } = pickSlot(random);
    // A clock change skips or repeats local times, so a trip could end before it began. On that day no trip begins
    // before 3.
    const skipped = city.clocksChange && day === 6 && hour < 3 && CLOCK_CHANGE.test(dates[6] as string) ? 3 : 0;
    const second = (hour + skipped) * 3600 + random.below(3600);
    // The home is fixed. People choose the nearer of two random other places, and return from the nearer one.
    const [given, chosen] = to === "home" ? [spots[to], spots[from]] : [spots[from], spots[to]];
    const here = near(given(random));
    const [a, b] = [chosen(random), chosen(random)];
    const there = near(metres(a, here) < metres(b, here) ? a : b);
    const [origin, destination] = to === "home" ? [there, here] : [here, there];
    const [source] = pickSource(random);
    const driver = random.below(city.share * 50);
    const rider = Math.floor(random.unit() * random.unit() * city.share * 3500); // few ride often, many now and then
    const trip: Trip = {
      tripId: `${slug}-${String(number).padStart(9, "0")}`,
      source,
      region: city.name,
      startedAt: naive(`${dates[day]}${clock(second)}`),
      endedAt: undefined,
      bookedAt: undefined,
      durationS: undefined,
      distanceM: undefined,
      origin,
      destination: undefined,
      driverId: `${source}-${slug}-${driver}`,
      riderId: source === "lamppost_taxi" ? undefined : `${source}-${slug}-r${rider}`,
      vehicleModel: MODELS[driver % MODELS.length],
      attributes: undefined,
    };
    // The trip was cancelled or never finished: its destination and fare are unknown.
    if (random.unit() < WITHOUT_DESTINATION) return trip;
    const distanceM = Math.round(150 + metres(origin, destination) * (1.15 + 0.3 * random.unit()));
    const drivingS = distanceM / (metresPerS * (1 + Math.min(1, distanceM / 40_000))); // longer ways find faster roads
    const durationS = Math.round(60 + 180 * random.unit() + drivingS * (0.9 + 0.25 * random.unit()));
    const end = second + durationS;
    const { currency, base, perKm, decimals } = city.fare;
    const fare = (base + (perKm * distanceM) / 1000).toFixed(decimals);
    trip.endedAt = naive(`${dates[end < 86_400 ? day : day + 1]}${clock(end % 86_400)}`);
    trip.durationS = durationS;
    trip.distanceM = distanceM;
    trip.destination = destination;
    trip.attributes = { fare, currency, payment: PAYMENTS[random.below(PAYMENTS.length)] };
    return trip;
  };
}

/** Every hour of the week with each reason to travel in it, weighted by the resulting number of trips. */
function slotsOf(city: City) {
  return FLOWS.flatMap(([from, to, share, hours]) => {
    const kinds = hours.split(" ");
    const days = [0, 0, 0, 0, 1, 2, 3].map((kind) => [...(kinds[kind] as string)].map(Number));
    return days.flatMap((weights, day) =>
      weights.map((weight, hour) => {
        const tenths = TRAFFIC[hour] as number;
        const metresPerS = (city.speedKmh / 36) * (day < 5 ? tenths : (10 + tenths) / 2);
        return { from, to, day, hour, metresPerS, weight: (share * weight) / sum(days.flat()) };
      }),
    );
  });
}
