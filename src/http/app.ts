import { OpenAPIHono } from "@hono/zod-openapi";
import type { FindBatch, Ingest } from "../batch.ts";
import type { DeleteRegion, FindRegion, ListRegions, PutRegion } from "../region.ts";
import type { CountTrips, FindTrips, ListTrips } from "../trips.ts";
import type { WeeklyAverages, WeeklyAveragesByRegion } from "../weekly-averages.ts";
import { getBatch } from "./batches-get.ts";
import { addDocs } from "./docs.ts";
import { add } from "./endpoint.ts";
import { livez, readyz } from "./health.ts";
import { type LogError, onError } from "./on-error.ts";
import { problem } from "./problem.ts";
import { deleteRegionEndpoint, getRegion, listRegionsEndpoint, putRegionEndpoint } from "./regions.ts";
import { getTripCounts } from "./trips-count.ts";
import { getTrip } from "./trips-get.ts";
import { listTripsEndpoint } from "./trips-list.ts";
import { postTrips } from "./trips-post.ts";
import { getWeeklyAverages, postWeeklyAverages } from "./weekly-averages.ts";
import { getWeeklyAveragesByRegion } from "./weekly-averages-by-region.ts";

/** Everything that the API does, as functions; `main.ts` brings them. */
export interface AppDeps {
  ingest: Ingest;
  findBatch: FindBatch;
  weeklyAverages: WeeklyAverages;
  weeklyAveragesByRegion: WeeklyAveragesByRegion;
  listTrips: ListTrips;
  findTrips: FindTrips;
  countTrips: CountTrips;
  putRegion: PutRegion;
  findRegion: FindRegion;
  listRegions: ListRegions;
  deleteRegion: DeleteRegion;
  /** Resolves if the database answers. */
  ping: () => Promise<void>;
  logError: LogError;
  version: string;
}

/** The API. This list is its table of contents. */
export function createApp(deps: AppDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.onError(onError(deps.logError));
  app.notFound((c) => problem(c, "not_found", `There is nothing at ${c.req.method} ${c.req.path}.`));

  add(app, postTrips(deps.ingest));
  add(app, getBatch(deps.findBatch));

  add(app, getWeeklyAverages(deps.weeklyAverages));
  add(app, postWeeklyAverages(deps.weeklyAverages));
  add(app, getWeeklyAveragesByRegion(deps.weeklyAveragesByRegion));

  add(app, listTripsEndpoint(deps.listTrips));
  add(app, getTripCounts(deps.countTrips));
  add(app, getTrip(deps.findTrips));

  add(app, putRegionEndpoint(deps.putRegion));
  add(app, getRegion(deps.findRegion));
  add(app, listRegionsEndpoint(deps.listRegions));
  add(app, deleteRegionEndpoint(deps.deleteRegion));

  add(app, livez());
  add(app, readyz(deps.ping));
  addDocs(app, deps.version);
  return app;
}
