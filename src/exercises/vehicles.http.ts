import { z } from "zod";
import { AppError } from "../errors.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { name } from "../kit/storable.ts";
import { date } from "../time/week.ts";
import type { FindByNumber, ListTrips, TripFilters } from "../trips/trips.ts";
import { areaOf, Vehicle, vehicleOf } from "./vehicle.ts";

const degrees = (most: number) =>
  z
    .string()
    .regex(/^[+-]?\d{1,3}(\.\d{1,20})?$/, "expected degrees such as 7.67283791328688")
    .transform(Number)
    .refine((value) => Math.abs(value) <= most, `expected -${most} to ${most}`)
    .optional();

const query = z.strictObject({
  region: name.optional(),
  datasource: name.optional(),
  date: date.optional().meta({ description: "One local day, YYYY-MM-DD" }),
  origin_coord_x: degrees(180).meta({ description: "Longitude", example: "7.67283791328688" }),
  origin_coord_y: degrees(90).meta({ description: "Latitude" }),
  destination_coord_x: degrees(180),
  destination_coord_y: degrees(90),
  limit: z.coerce.number().int().min(1).max(1000).default(10),
});

/** `GET /vehicles`: trips, newest first. */
export function getVehicles(listTrips: ListTrips, answers: AnswerDeps): Endpoint {
  return {
    scope: "trips",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: "/vehicles",
      tags: ["Exercises"],
      summary: "List trips, newest first",
      request: { query },
      responses: replies(
        200,
        "The trips",
        z.object({ data: z.array(Vehicle) }).meta({ id: "Vehicles" }),
        400,
        404,
        503,
      ),
    },
    handle: async (c) => {
      const q = readQuery(c, query);
      const filters: TripFilters = {
        ...{ region: q.region, source: q.datasource, from: q.date, to: q.date, match: "origin" },
        origin: areaOf(q.origin_coord_x, q.origin_coord_y),
        destination: areaOf(q.destination_coord_x, q.destination_coord_y),
      };
      return sendAnswer(c, answers, textOf(listTrips, filters, q.limit), { contentType: "application/json" });
    },
  };
}

/** A page of the list may end early, with a trip of large attributes; the next one goes on. */
async function* textOf(listTrips: ListTrips, filters: TripFilters, limit: number): AsyncGenerator<string> {
  let page = await listTrips(filters, limit);
  let written = 0;
  yield '{"data":[';
  for (;;) {
    for (const trip of page.trips) yield `${written++ === 0 ? "" : ","}${JSON.stringify(vehicleOf(trip))}`;
    if (!page.next || written >= limit) break;
    page = await listTrips(filters, limit - written, page.next);
  }
  yield "]}";
}

const params = z.object({ id: z.string().meta({ description: "The id of a trip in the list", example: "1" }) });

/** `GET /vehicles/ID`. */
export function getVehicle(findByNumber: FindByNumber): Endpoint {
  return {
    scope: "trips",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: "/vehicles/{id}",
      tags: ["Exercises"],
      summary: "One trip",
      request: { params },
      responses: replies(200, "The trip", Vehicle, 404, 409, 503),
    },
    handle: async (c) => {
      const id = c.req.param("id") ?? "";
      const number = /^\d{1,16}$/.test(id) ? Number(id) : Number.NaN;
      const [trip, second] = Number.isSafeInteger(number) ? await findByNumber(number) : [];
      if (!trip) throw new AppError("not_found", `There is no vehicle ${id}.`);
      if (second) {
        const detail = "Two trips of the same second have this id; ask for them by source and trip id at /v1/trips.";
        throw new AppError("ambiguous_trip", detail);
      }
      return c.json(vehicleOf(trip));
    },
  };
}
