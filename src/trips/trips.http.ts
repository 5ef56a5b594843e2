import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { getTripCounts } from "./count-trips.http.ts";
import { getTrip } from "./find-trips.http.ts";
import { listTripsEndpoint } from "./list-trips.http.ts";
import { requireTripAccess } from "./trip-access.http.ts";
import type { CountTrips, FindLocalTimes, FindTrips, ListTrips } from "./trips.ts";

interface Deps {
  listTrips: ListTrips;
  countTrips: CountTrips;
  findTrips: FindTrips;
  findLocalTimes: FindLocalTimes;
  /** Whether single trips may be read. */
  exposeTrips: boolean;
  answers: AnswerDeps;
}

/** The endpoints for single trips and their counts. */
export const endpoints = (deps: Deps): Endpoint[] => [
  requireTripAccess(listTripsEndpoint(deps.listTrips, deps.answers), deps.exposeTrips),
  getTripCounts(deps.countTrips),
  requireTripAccess(getTrip(deps.findTrips, deps.findLocalTimes), deps.exposeTrips),
];
