import type { PutRegion } from "../regions/region.ts";
import type { ListTrips } from "../trips/trips.ts";
import { generateTrips } from "./generate.ts";
import { loadInBatches, loadRegions } from "./load.ts";

/** A year of trips, beginning on a Monday. */
const SAMPLE = { seed: 1, trips: 200_000, from: "2025-01-06", weeks: 52 };

const POLYGON = {
  type: "Polygon",
  coordinates: [
    [
      [9.97, 53.54],
      [10.03, 53.54],
      [10.03, 53.58],
      [9.99, 53.59],
      [9.97, 53.54],
    ],
  ],
};

interface DemoDeps {
  listTrips: ListTrips;
  putRegion: PutRegion;
  loadTrips: Parameters<typeof loadInBatches>[1];
  /** The credential of this process. */
  ownKey?: string;
}

/**
 * Fills an empty database with a sample, then prints three questions as curl lines with their real answers.
 *
 * @param url the address of the service
 * @param trips the number of trips in the sample. Undefined: 200,000
 * @param print prints one line
 */
export async function demo(url: string, deps: DemoDeps, trips: number | undefined, print: (line: string) => void) {
  const { trips: present } = await deps.listTrips({ match: "origin" }, 1);
  if (present.length > 0) print("The database holds trips already: the sample is left out.");
  else await fill(deps, trips ?? SAMPLE.trips, print);
  for (const question of questions(url)) {
    const { args, ...request } = question;
    print(`\n$ curl ${args}`);
    const headers = { authorization: `Bearer ${deps.ownKey}` };
    print(await (await fetch(request.url, { ...request.init, headers })).text());
  }
}

async function fill(deps: DemoDeps, trips: number, print: (line: string) => void): Promise<void> {
  const started = Date.now();
  const regions = await loadRegions(deps.putRegion);
  print(`Filling the database with ${trips} made-up trips in ${regions.join(", ")} …`);
  const inserted = await loadInBatches(generateTrips({ ...SAMPLE, trips }), deps.loadTrips);
  print(`${inserted} trips in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

/** The questions, each as the line to type and as the request that it makes. */
function questions(url: string): { args: string; url: string; init?: RequestInit }[] {
  const boundary = `${url}/v1/weekly-averages?boundary=Turin&from=2025-03-03&to=2025-03-30`;
  const byRegion = `${url}/v1/weekly-averages/by-region?hours=7-9&days=mon-fri`;
  const body = JSON.stringify({ area: POLYGON, from: "2025-06-01", to: "2025-06-30", match: "either" });
  return [
    { args: `'${boundary}'`, url: boundary },
    { args: `'${byRegion}'`, url: byRegion },
    {
      args: `'${url}/v1/weekly-averages' -d '${body}'`,
      url: `${url}/v1/weekly-averages`,
      init: { method: "POST", body },
    },
  ];
}
