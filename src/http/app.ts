import { OpenAPIHono } from "@hono/zod-openapi";
import type { CheckCallback, FindBatch, Ingest } from "../batch.ts";
import type { FollowBatch, FollowBatches } from "../batch-changes.ts";
import type { Clusters } from "../clusters.ts";
import type { CancelTrip, CorrectTrip } from "../correction.ts";
import type { FindImport, ImportPath, ListImports, UploadImport } from "../imports.ts";
import type { DeleteMapping, FindMapping, ListMappings, PutMapping } from "../mapping.ts";
import type { DeleteQuery, ExplainQuery, FindQuery, ListQueries, PutQuery, RunQuery } from "../query.ts";
import type { DeleteRegion, FindRegion, ListRegions, PutRegion } from "../region.ts";
import type { FindRejects, MendRejects } from "../rejects.ts";
import type { RebuildRollups, RefreshRollups, RollupsStatus } from "../rollups.ts";
import type { CountTrips, FindTrips, ListTrips } from "../trips.ts";
import type { WeeklyAverages, WeeklyAveragesByRegion } from "../weekly-averages.ts";
import { getBatchEvents } from "./batches-events.ts";
import { getBatch } from "./batches-get.ts";
import { getRejects, postRejects } from "./batches-rejects.ts";
import { getClusters, postClusters } from "./clusters.ts";
import { getCluster, getClusterTrips } from "./clusters-get.ts";
import { addDocs } from "./docs.ts";
import { add } from "./endpoint.ts";
import { getEvents } from "./events.ts";
import { livez, readyz } from "./health.ts";
import { getImport, listImportsEndpoint } from "./imports-get.ts";
import { postImports } from "./imports-post.ts";
import { deleteMappingEndpoint, getMapping, listMappingsEndpoint, putMappingEndpoint } from "./mappings.ts";
import { getMetrics, type Metrics } from "./metrics.ts";
import { type LogError, onError } from "./on-error.ts";
import { problem } from "./problem.ts";
import { deleteQueryEndpoint, getQuery, getQueryResult, listQueriesEndpoint, putQueryEndpoint } from "./queries.ts";
import { getQuerySchema, postQuery } from "./query.ts";
import { type RateLimits, withRateLimit } from "./rate-limit.ts";
import { deleteRegionEndpoint, getRegion, listRegionsEndpoint, putRegionEndpoint } from "./regions.ts";
import { getRollups, postRebuild, postRefresh } from "./rollups.ts";
import { ifTripsAreShown } from "./shown-trips.ts";
import { getTripCounts } from "./trips-count.ts";
import { deleteTrip } from "./trips-delete.ts";
import { getTrip } from "./trips-get.ts";
import { listTripsEndpoint } from "./trips-list.ts";
import { postTrips } from "./trips-post.ts";
import { putTrip } from "./trips-put.ts";
import { getWeeklyAverages, postWeeklyAverages } from "./weekly-averages.ts";
import { getWeeklyAveragesByRegion } from "./weekly-averages-by-region.ts";

/** Everything that the API does, as functions; `main.ts` brings them. */
export interface AppDeps {
  ingest: Ingest;
  checkCallback: CheckCallback;
  rateLimits: RateLimits;
  /** Whether single trips may be read. */
  showTrips: boolean;
  findBatch: FindBatch;
  findRejects: FindRejects;
  mendRejects: MendRejects;
  followBatch: FollowBatch;
  followBatches: FollowBatches;
  importPath: ImportPath;
  uploadImport: UploadImport;
  listImports: ListImports;
  findImport: FindImport;
  putMapping: PutMapping;
  findMapping: FindMapping;
  listMappings: ListMappings;
  deleteMapping: DeleteMapping;
  weeklyAverages: WeeklyAverages;
  weeklyAveragesByRegion: WeeklyAveragesByRegion;
  clusters: Clusters;
  listTrips: ListTrips;
  findTrips: FindTrips;
  correctTrip: CorrectTrip;
  cancelTrip: CancelTrip;
  countTrips: CountTrips;
  runQuery: RunQuery;
  explainQuery: ExplainQuery;
  putQuery: PutQuery;
  findQuery: FindQuery;
  listQueries: ListQueries;
  deleteQuery: DeleteQuery;
  putRegion: PutRegion;
  findRegion: FindRegion;
  listRegions: ListRegions;
  deleteRegion: DeleteRegion;
  rollupStatus: RollupsStatus;
  refreshRollups: RefreshRollups;
  rebuildRollups: RebuildRollups;
  metrics: Metrics;
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

  add(app, withRateLimit(postTrips(deps.ingest, deps.checkCallback), deps.rateLimits));
  add(app, getBatch(deps.findBatch));
  add(app, getRejects(deps.findRejects));
  add(app, withRateLimit(postRejects(deps.mendRejects), deps.rateLimits));
  add(app, getBatchEvents(deps.followBatch));
  add(app, getEvents(deps.followBatches));

  add(app, withRateLimit(postImports(deps.importPath, deps.uploadImport), deps.rateLimits));
  add(app, listImportsEndpoint(deps.listImports));
  add(app, getImport(deps.findImport));

  add(app, putMappingEndpoint(deps.putMapping));
  add(app, getMapping(deps.findMapping));
  add(app, listMappingsEndpoint(deps.listMappings));
  add(app, deleteMappingEndpoint(deps.deleteMapping));

  add(app, getWeeklyAverages(deps.weeklyAverages));
  add(app, postWeeklyAverages(deps.weeklyAverages));
  add(app, getWeeklyAveragesByRegion(deps.weeklyAveragesByRegion));
  add(app, getClusters(deps.clusters));
  add(app, postClusters(deps.clusters));
  add(app, getCluster(deps.clusters));
  add(app, ifTripsAreShown(getClusterTrips(deps.clusters, deps.listTrips), deps.showTrips));
  add(app, getRollups(deps.rollupStatus));
  add(app, postRefresh(deps.refreshRollups));
  add(app, postRebuild(deps.rebuildRollups));

  add(app, ifTripsAreShown(listTripsEndpoint(deps.listTrips), deps.showTrips));
  add(app, getTripCounts(deps.countTrips));
  add(app, ifTripsAreShown(getTrip(deps.findTrips), deps.showTrips));
  add(app, withRateLimit(putTrip(deps.correctTrip), deps.rateLimits));
  add(app, withRateLimit(deleteTrip(deps.cancelTrip), deps.rateLimits));

  add(app, postQuery(deps.runQuery, deps.explainQuery));
  add(app, getQuerySchema());
  add(app, putQueryEndpoint(deps.putQuery));
  add(app, getQuery(deps.findQuery));
  add(app, getQueryResult(deps.findQuery, deps.runQuery, deps.explainQuery));
  add(app, listQueriesEndpoint(deps.listQueries));
  add(app, deleteQueryEndpoint(deps.deleteQuery));

  add(app, putRegionEndpoint(deps.putRegion));
  add(app, getRegion(deps.findRegion));
  add(app, listRegionsEndpoint(deps.listRegions));
  add(app, deleteRegionEndpoint(deps.deleteRegion));

  add(app, livez());
  add(app, readyz(deps.ping));
  add(app, getMetrics(deps.metrics));
  addDocs(app, deps.version);
  return app;
}
