import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { type RateLimits, withRateLimit } from "../kit/rate-limit.http.ts";
import { getDetectionStats } from "./detection-stats.http.ts";
import type { CountDetections, ListDetections } from "./detections.ts";
import { listDetectionsEndpoint } from "./list-detections.http.ts";
import { postDetections } from "./post-detections.http.ts";
import type { ReceiveDetections } from "./receive-detections.ts";

interface Deps {
  receiveDetections: ReceiveDetections;
  listDetections: ListDetections;
  countDetections: CountDetections;
  rateLimits: RateLimits;
  answers: AnswerDeps;
}

/** The endpoints of detections. */
export const endpoints = (deps: Deps): Endpoint[] => [
  withRateLimit(postDetections(deps.receiveDetections), deps.rateLimits),
  listDetectionsEndpoint(deps.listDetections, deps.answers),
  getDetectionStats(deps.countDetections),
];
