import type { CheckCallback, DryRun, Ingest } from "../batches/ingest-request.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { type RateLimits, withRateLimit } from "../kit/rate-limit.http.ts";
import { postTrips } from "./post-trips.http.ts";

interface Deps {
  ingest: Ingest;
  dryRun: DryRun;
  checkCallback: CheckCallback;
  rateLimits: RateLimits;
}

/** The endpoints that take trips. */
export const endpoints = ({ ingest, dryRun, checkCallback, rateLimits }: Deps): Endpoint[] => [
  withRateLimit(postTrips(ingest, dryRun, checkCallback), rateLimits),
];
