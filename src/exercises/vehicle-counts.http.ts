import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { replies } from "../kit/replies.http.ts";
import type { CountBy, CountTrips, TripCounts } from "../trips/trips.ts";
import type { WeeklyAveragesByRegion } from "../weekly-averages/weekly-averages.ts";
import { quotientText } from "./vehicle.ts";

/** Groups of one answer. */
const MOST_GROUPS = 100_000;

const region = z.string().nullable();

const route = (path: string, summary: string, row: z.ZodType): Endpoint["route"] => ({
  method: "get",
  path,
  tags: ["Exercises"],
  summary,
  responses: replies(200, "The figures", z.object({ data: z.array(row) }), 422, 503),
});

/** `GET /vehicles/region/count` or `GET /vehicles/datasource/count`: how many trips there are of each. */
export function getVehicleCount(countTrips: CountTrips, by: "region" | "datasource"): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: route(
      `/vehicles/${by}/count`,
      `Trips by ${by}`,
      z.object({ count: z.int().meta({ example: 28 }), [by]: region }),
    ),
    handle: async (c) => {
      const counts = await countsBy(countTrips, [{ column: by === "region" ? "region" : "source" }]);
      const data = counts.map(({ values: [value = null], trips }) => ({ count: trips, [by]: value }));
      return c.json({ data: data.toSorted((a, b) => compare(a[by], b[by])) });
    },
  };
}

/** `GET /vehicles/weekly_trips/region`: trips by ISO week and region, in the order of time. */
export function getWeeklyTrips(countTrips: CountTrips): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: route(
      "/vehicles/weekly_trips/region",
      "Trips by week and region",
      z.object({ freq_trip: z.int().meta({ example: 5 }), region, week_number: z.int().meta({ example: 18 }) }),
    ),
    handle: async (c) => {
      const counts = await countsBy(countTrips, [{ column: "week" }, { column: "region" }]);
      const inOrder = counts.toSorted((a, b) => compare(a.values[0], b.values[0]) || compare(a.values[1], b.values[1]));
      const data = inOrder.map(({ values: [week, of = null], trips }) => ({
        freq_trip: trips,
        region: of,
        week_number: Number(String(week).slice(-2)),
      }));
      return c.json({ data });
    },
  };
}

/** `GET /vehicles/weekly_avg_trips/region`: the trips of a region divided by the weeks in which it has some. */
export function getWeeklyAverageTrips(weeklyAveragesByRegion: WeeklyAveragesByRegion): Endpoint {
  return {
    scope: "read",
    bounds: ["source"],
    route: route(
      "/vehicles/weekly_avg_trips/region",
      "Trips a week, on average, by region, busiest first",
      z.object({ freq_avg_weekly_trips: z.string().meta({ example: "7.6000000000000000" }), region }),
    ),
    handle: async (c) => {
      const { regions } = await weeklyAveragesByRegion({});
      const data = regions.flatMap(({ region, trips, weeks_with_trips: weeks }) =>
        trips === null || !weeks ? [] : [{ freq_avg_weekly_trips: quotientText(trips, weeks), region }],
      );
      return c.json({ data });
    },
  };
}

/** @throws AppError query_too_large, since an answer without some groups would pass for the whole */
async function countsBy(countTrips: CountTrips, by: CountBy[]): Promise<TripCounts["counts"]> {
  const { counts, truncated } = await countTrips({ match: "origin" }, by, MOST_GROUPS);
  if (!truncated) return counts;
  throw new AppError("query_too_large", `There are more than ${MOST_GROUPS} groups; ask POST /v1/query for some.`);
}

type Value = string | number | null | undefined;

/** By code points; what has no name comes last. */
function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return a < b ? -1 : 1;
}
