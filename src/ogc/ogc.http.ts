import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import type { Limits } from "../kit/limits.ts";
import { requireTripAccess } from "../trips/trip-access.http.ts";
import { COLLECTIONS } from "./collection.ts";
import { collectionEndpoints } from "./collections.http.ts";
import type { FindFeature, ReadExtent, ReadFeatures } from "./features.ts";
import { getItem, getItems } from "./items.http.ts";
import { landingEndpoints } from "./landing.http.ts";

interface Deps {
  readFeatures: ReadFeatures;
  findFeature: FindFeature;
  readExtent: ReadExtent;
  /** Whether single trips may be read. */
  exposeTrips: boolean;
  answers: AnswerDeps;
  limits: Limits;
  version: string;
}

/** OGC API – Features, Parts 1 to 3, at `/ogc`. */
export const endpoints = (deps: Deps): Endpoint[] => [
  ...landingEndpoints(deps.version),
  ...collectionEndpoints(deps.readExtent),
  ...COLLECTIONS.flatMap((collection) => {
    const isShown = collection.scope !== "trips" || deps.exposeTrips;
    return [
      requireTripAccess(getItems(collection, deps.readFeatures, deps.answers, deps.limits.maxVertices), isShown),
      requireTripAccess(getItem(collection, deps.findFeature), isShown),
    ];
  }),
];
