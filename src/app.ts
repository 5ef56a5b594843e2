import { OpenAPIHono } from "@hono/zod-openapi";
import { endpoints as alerts } from "./alerts/alerts.http.ts";
import { endpoints as audit } from "./audit/audit.http.ts";
import type { RecordAudit } from "./audit/audit.ts";
import { withAudit } from "./audit/with-audit.http.ts";
import { endpoints as auth } from "./auth/auth.http.ts";
import { endpoints as batches } from "./batches/batches.http.ts";
import { endpoints as clusters } from "./clusters/clusters.http.ts";
import { endpoints as corrections } from "./corrections/corrections.http.ts";
import { endpoints as detections } from "./detections/detections.http.ts";
import { forCaller } from "./edge/caller.http.ts";
import { endpoints as events } from "./events/events.http.ts";
import { endpoints as exercises } from "./exercises/exercises.http.ts";
import { addDocs } from "./explorer/docs.http.ts";
import { addExplorer } from "./explorer/explorer.http.ts";
import type { Explorer } from "./explorer/explorer.ts";
import { endpoints as exports } from "./export/export.http.ts";
import { endpoints as imports } from "./imports/imports.http.ts";
import { endpoints as ingest } from "./ingest/ingest.http.ts";
import type { ClientRates } from "./kit/client-rates.ts";
import { add, type Guard } from "./kit/endpoint.http.ts";
import type { BodyRules } from "./kit/input.http.ts";
import type { Limits } from "./kit/limits.ts";
import { type LogError, onError } from "./kit/on-error.http.ts";
import { problem } from "./kit/problem.http.ts";
import { countRequest } from "./kit/rate-limit.http.ts";
import { endpoints as lookups } from "./lookups/lookups.http.ts";
import { endpoints as mappings } from "./mappings/mappings.http.ts";
import { endpoints as monitoring } from "./monitoring/monitoring.http.ts";
import { endpoints as ogc } from "./ogc/ogc.http.ts";
import { endpoints as queries } from "./queries/queries.http.ts";
import { endpoints as regions } from "./regions/regions.http.ts";
import { endpoints as rollups } from "./rollups/rollups.http.ts";
import { endpoints as suggestions } from "./suggestions/suggestions.http.ts";
import { endpoints as tiles } from "./tiles/tiles.http.ts";
import { endpoints as trips } from "./trips/trips.http.ts";
import { endpoints as weeklyAverages } from "./weekly-averages/weekly-averages.http.ts";

/** The rooms that answer over HTTP: the API's table of contents. */
const ROOMS = [
  ingest,
  batches,
  events,
  corrections,
  imports,
  mappings,
  lookups,
  suggestions,
  weeklyAverages,
  clusters,
  rollups,
  trips,
  queries,
  regions,
  detections,
  alerts,
  audit,
  ogc,
  tiles,
  exports,
  auth,
  monitoring,
  exercises,
] as const;

/** The intersection of all members of a union. */
type Together<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer All) => void ? All : never;

/** The dependencies of the rooms and of the app itself. `service.ts` provides them. */
export type AppDeps = Together<Parameters<(typeof ROOMS)[number]>[0]> & {
  limits: Limits;
  /** Limits what each client takes. */
  clientRates: ClientRates;
  /** Decides whether a caller may reach an endpoint. */
  guard: Guard;
  /** How JSON bodies are read. */
  bodies: BodyRules;
  recordAudit: RecordAudit;
  logError: LogError;
  version: string;
  explorer: Explorer;
};

/** Builds the API. */
export function createApp(deps: AppDeps): OpenAPIHono {
  // A slash at the end changes nothing: `/ogc/` is what many people type into a GIS.
  const app = new OpenAPIHono({ strict: false });
  app.onError(onError(deps.logError, deps.limits));
  app.use(forCaller());
  app.use(async (c, next) => {
    c.set("bodies", deps.bodies);
    c.set("rates", deps.clientRates);
    await next();
  });
  for (const path of ["/", "/assets/*", "/openapi.json", "/docs/*"]) {
    app.use(path, async (c, next) => {
      countRequest(c);
      await next();
    });
  }
  app.notFound((c) => {
    countRequest(c);
    return problem(c, "not_found", `There is nothing at ${c.req.method} ${c.req.path}.`);
  });
  for (const room of ROOMS)
    for (const endpoint of room(deps)) add(app, withAudit(endpoint, deps.recordAudit), deps.guard);
  addDocs(app, deps.version);
  addExplorer(app, deps.explorer, deps.version);
  return app;
}
