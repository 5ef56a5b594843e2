import type { ResubmitRejects } from "../batches/rejects.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { type RateLimits, withRateLimit } from "../kit/rate-limit.http.ts";
import { deleteTrip } from "./cancel-trip.http.ts";
import { putTrip } from "./correct-trip.http.ts";
import type { CancelTrip, CorrectTrip } from "./correction.ts";
import { postRejects } from "./resubmit-rejects.http.ts";
import type { UndoBatch } from "./undo.ts";
import { deleteBatch } from "./undo-batch.http.ts";

interface Deps {
  resubmitRejects: ResubmitRejects;
  correctTrip: CorrectTrip;
  cancelTrip: CancelTrip;
  undoBatch: UndoBatch;
  rateLimits: RateLimits;
}

/** The endpoints by which a sender mends rejected rows, and changes or cancels stored trips. */
export const endpoints = ({ resubmitRejects, correctTrip, cancelTrip, undoBatch, rateLimits }: Deps): Endpoint[] => [
  withRateLimit(postRejects(resubmitRejects), rateLimits),
  withRateLimit(putTrip(correctTrip), rateLimits),
  withRateLimit(deleteTrip(cancelTrip), rateLimits),
  deleteBatch(undoBatch),
];
