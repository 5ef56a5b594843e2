import type { FollowAlerts } from "../alerts/follow-alerts.ts";
import { postUser } from "../auth/users.http.ts";
import type { AddUser } from "../auth/users.ts";
import type { Ingest } from "../batches/ingest-request.ts";
import type { CountDetections, ListDetections } from "../detections/detections.ts";
import { createSharedHold } from "../events/shared-hold.http.ts";
import type { ListImports, TakeInbox } from "../imports/imports.ts";
import type { TakenNow } from "../imports/take-inbox.ts";
import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { type RateLimits, withRateLimit } from "../kit/rate-limit.http.ts";
import type { Room } from "../kit/room.ts";
import { requireTripAccess } from "../trips/trip-access.http.ts";
import type { CountTrips, FindByNumber, ListTrips } from "../trips/trips.ts";
import type { WeeklyAveragesByRegion } from "../weekly-averages/weekly-averages.ts";
import { followAlertsEndpoint, getDetections, getStats } from "./detections.http.ts";
import { postRide } from "./ride.http.ts";
import { getVehicleCount, getWeeklyAverageTrips, getWeeklyTrips } from "./vehicle-counts.http.ts";
import { getIngestStatus, postVehicles } from "./vehicle-files.http.ts";
import { getVehicle, getVehicles } from "./vehicles.http.ts";

interface Deps {
  /** Whether the addresses are served. */
  exercises: boolean;
  ingest: Ingest;
  addUser: AddUser;
  listTrips: ListTrips;
  findByNumber: FindByNumber;
  countTrips: CountTrips;
  weeklyAveragesByRegion: WeeklyAveragesByRegion;
  takeInbox: TakeInbox;
  takenNow: () => TakenNow | undefined;
  listImports: ListImports;
  listDetections: ListDetections;
  countDetections: CountDetections;
  followAlerts: FollowAlerts;
  room: Room;
  /** Whether single trips may be read. */
  exposeTrips: boolean;
  answers: AnswerDeps;
  rateLimits: RateLimits;
}

/** The addresses of four public exercises, for clients that were written against them. */
export function endpoints(deps: Deps): Endpoint[] {
  if (!deps.exercises) return [];
  return [
    withRateLimit(postRide(deps.ingest), deps.rateLimits),
    requireTripAccess(getVehicles(deps.listTrips, deps.answers), deps.exposeTrips),
    postVehicles(deps.takeInbox),
    getIngestStatus(deps.listImports, deps.takenNow),
    getVehicleCount(deps.countTrips, "region"),
    getVehicleCount(deps.countTrips, "datasource"),
    getWeeklyTrips(deps.countTrips),
    getWeeklyAverageTrips(deps.weeklyAveragesByRegion),
    requireTripAccess(getVehicle(deps.findByNumber), deps.exposeTrips),
    getDetections(deps.listDetections, deps.answers),
    getStats(deps.countDetections),
    followAlertsEndpoint(deps.followAlerts, { hold: createSharedHold(deps.room) }, deps.exposeTrips),
    postUser(deps.addUser, {
      path: "/users",
      operationId: "postExercisesUsers",
      tag: "Exercises",
      scopes: ["read", "trips"],
    }),
  ];
}
